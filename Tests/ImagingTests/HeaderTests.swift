import Imaging
import Testing

@Suite struct HeaderTests {
    @Test func `a camera's file tells when, where and with what it was taken`() throws {
        let header = try ImageDecoder.header(of: try SharedPhotos.bytes("photos/full-size/exif-rotn-6.jpg"))
        #expect(header.width == 4032 && header.height == 3024)
        #expect(header.orientation == .right)
        #expect(header.orientedWidth == 3024 && header.orientedHeight == 4032)
        #expect(header.captureTime?.iso8601 == "2017-11-07T22:14:06")
        #expect(header.camera == Camera(make: "samsung", model: "SM-G930V"))
        let gps = try #require(header.gps)
        #expect(abs(gps.latitude - 38.977935) < 1e-6)
        #expect(abs(gps.longitude + 77.023203) < 1e-6)
    }

    @Test func `a file without EXIF tells nothing of the kind`() throws {
        let header = try ImageDecoder.header(of: try JPEGEncoder.encode(gradient(5, 4), quality: 80))
        #expect(header.orientation == .up)
        #expect(header.captureTime == nil && header.camera == nil && header.gps == nil)
    }

    @Test func `a model that begins with its maker is named once`() throws {
        let path = "photos/edited-copies/base_images/ukbench00120.jpg"
        let header = try ImageDecoder.header(of: try SharedPhotos.bytes(path))
        #expect(header.camera?.name == "Canon PowerShot S230")
    }

    @Test func `the distance from UTC belongs to the time`() {
        #expect(
            CaptureTime(exif: "2019:07:04 12:00:09", offset: "-09:30")?.iso8601 == "2019-07-04T12:00:09-09:30")
        #expect(
            CaptureTime(exif: "2019:07:04 12:00:09", offset: "+02:00")?.iso8601 == "2019-07-04T12:00:09+02:00")
        #expect(CaptureTime(exif: "2019:07:04 12:00:09", offset: "+99:00")?.iso8601 == "2019-07-04T12:00:09")
        #expect(CaptureTime(exif: "2019:07:04 12:00:09", offset: "      ")?.utcOffsetMinutes == nil)
    }

    @Test(arguments: [
        "", "0000:00:00 00:00:00", "    :  :     :  :  ", "2019:02:29 10:00:00", "2019:13:01 10:00:00",
        "2019:06:31 10:00:00", "2019:06:30 24:00:00", "2019:06:30 10:60:00", "2019-06-30T10", "twothousandnineteen",
    ])
    func `a date that does not exist is none`(text: String) {
        #expect(CaptureTime(exif: text) == nil)
    }

    @Test func `a leap day exists in leap years`() {
        #expect(CaptureTime(exif: "2020:02:29 10:00:00") != nil)
        #expect(CaptureTime(exif: "2000:02:29 10:00:00") != nil)
        #expect(CaptureTime(exif: "1900:02:29 10:00:00") == nil)
    }

    @Test func `a damaged EXIF segment does not hide the picture`() throws {
        var file = try SharedPhotos.bytes("photos/edited-copies/base_images/ukbench09268.jpg")
        let exif = try #require(file.positions(ofMarker: 0xE1).first)
        // From behind the TIFF header on: offsets and counts that point anywhere.
        for index in (exif + 18)..<(exif + 200) { file[index] = 0xFF }
        let decoded = try ImageDecoder.decode(file)
        #expect(decoded.image.width == 640 && decoded.image.height == 480)
    }
}

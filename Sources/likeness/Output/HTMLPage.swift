/// A page of HTML that needs no network: what it shows is in it, or in files beside it.
enum HTMLPage {
    /// Everything before the content.
    ///
    /// - Parameter style: what is drawn how, beside what all pages have.
    static func start(title: String, style: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title))</title>
        <style>
        body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff; }
        h1 { font-size: 1.5em; }
        \(style)
        </style>
        </head>
        <body>
        <h1>\(escaped(title))</h1>

        """
    }

    /// Everything after the content.
    static let end = "</body>\n</html>\n"

    /// Text that is neither markup nor the end of an attribute, whatever it holds.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: String(scalar)
            }
        }.joined()
    }
}

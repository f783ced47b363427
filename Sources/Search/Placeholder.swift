enum SearchPlaceholder {}

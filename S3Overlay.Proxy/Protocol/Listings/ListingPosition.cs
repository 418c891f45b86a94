namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>A position between two rows of a listing, directly after one.</summary>
/// <param name="Name">The row's name; empty for the start.</param>
/// <param name="IsPrefix">Whether the row was a common prefix. All keys under it then lie before this position.</param>
public readonly record struct ListingPosition(string Name, bool IsPrefix)
{
    /// <summary>Before the first row.</summary>
    public static readonly ListingPosition Start = new("", false);

    /// <summary>
    /// The position after a row that a client names. A name that the listing could have shown as a common prefix covers all keys under it,
    /// since clients continue after the last row shown.
    /// </summary>
    public static ListingPosition Behind(string name, string prefix, string delimiter) => new(
        name, delimiter.Length > 0
            && name.Length >= prefix.Length + delimiter.Length
            && name.StartsWith(prefix, StringComparison.Ordinal)
            && name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) == name.Length - delimiter.Length);

    /// <summary>Whether a key lies after this position.</summary>
    public bool IsBefore(string key) =>
        Name.Length == 0 || (Utf8Order.Compare(key, Name) > 0 && !(IsPrefix && key.StartsWith(Name, StringComparison.Ordinal)));

    /// <summary>Whether keys under a common prefix lie after this position, even if the prefix itself lies before it.</summary>
    public bool IsBeforeAnyUnder(string prefix) =>
        IsBefore(prefix) || (Name.StartsWith(prefix, StringComparison.Ordinal) && !(IsPrefix && Name == prefix));
}

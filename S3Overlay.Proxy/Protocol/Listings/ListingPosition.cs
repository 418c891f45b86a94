namespace S3Overlay.Proxy.Protocol.Listings;

/// <summary>A place between two rows of a listing: right behind one that was shown.</summary>
/// <param name="Name">The row's name; empty for the start.</param>
/// <param name="IsPrefix">Whether that row was a common prefix, so that every key under it lies before this place too.</param>
public readonly record struct ListingPosition(string Name, bool IsPrefix)
{
    /// <summary>Before the first row.</summary>
    public static readonly ListingPosition Start = new("", false);

    /// <summary>
    /// Behind a row that a client names: where a listing with a delimiter could have shown the name as a common prefix it stands for every
    /// key under it, since clients go on after the last row shown.
    /// </summary>
    public static ListingPosition Behind(string name, string prefix, string delimiter) => new(
        name,
        delimiter.Length > 0
            && name.Length >= prefix.Length + delimiter.Length
            && name.StartsWith(prefix, StringComparison.Ordinal)
            && name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) == name.Length - delimiter.Length);

    /// <summary>Whether a key lies behind this place.</summary>
    public bool IsBefore(string key) =>
        Name.Length == 0 || (Utf8Order.Compare(key, Name) > 0 && !(IsPrefix && key.StartsWith(Name, StringComparison.Ordinal)));

    /// <summary>Whether keys under a common prefix lie behind this place; the prefix itself may stand before it.</summary>
    public bool IsBeforeAnyUnder(string prefix) =>
        IsBefore(prefix) || (Name.StartsWith(prefix, StringComparison.Ordinal) && !(IsPrefix && Name == prefix));
}

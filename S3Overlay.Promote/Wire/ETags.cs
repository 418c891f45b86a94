namespace S3Overlay.Promote.Wire;

/// <summary>ETags, which stores and documents quote or do not.</summary>
internal static class ETags
{
    /// <summary>Without quotes.</summary>
    public static string Bare(string etag) => etag.Trim().Trim('"');

    /// <summary>With quotes, as conditions need it.</summary>
    public static string Quoted(string etag) => $"\"{Bare(etag)}\"";

    /// <summary>True if both are the same, or both are null.</summary>
    public static bool Same(string? left, string? right) =>
        left is null || right is null ? left is null && right is null : Bare(left) == Bare(right);

    /// <summary>True for the MD5 of an object that was sent as a whole.</summary>
    public static bool IsMd5(string? etag) => etag is not null && Bare(etag) is { Length: 32 } bare && bare.All(char.IsAsciiHexDigit);

    /// <summary>The number of parts that an ETag ends with; null if it has no such end.</summary>
    public static int? PartsOf(string etag) => Bare(etag).Split('-') is [{ Length: 32 } hash, var count] && hash.All(char.IsAsciiHexDigit)
        && int.TryParse(count, out var parts) ? parts : null;
}

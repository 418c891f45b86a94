namespace S3Overlay.Tests.Model;

/// <summary>A row of a listing.</summary>
/// <param name="Name">The key, or the common prefix.</param>
/// <param name="Version">The object; null for a common prefix.</param>
internal sealed record ListingItem(string Name, ObjectVersion? Version)
{
    /// <summary>The row as answers tell it.</summary>
    public string Told => Version is null ? $"{Name} (prefix)" : $"{Name} {Version.ETag} {Version.Bytes.Length}";
}

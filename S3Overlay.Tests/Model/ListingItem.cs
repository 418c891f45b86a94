namespace S3Overlay.Tests.Model;

/// <summary>A row that a listing may show.</summary>
/// <param name="Name">The key, or the common prefix.</param>
/// <param name="Versions">The versions that the row may show. Empty for a common prefix.</param>
/// <param name="MayBeMissing">Whether it need not be shown.</param>
internal sealed record ListingItem(string Name, bool IsPrefix, IReadOnlyList<ObjectVersion> Versions, bool MayBeMissing)
{
    /// <summary>Whether a row of a listing matches this item.</summary>
    public bool IsTold(string row) => IsPrefix ? row == $"{Name} (prefix)" : Versions.Any(version => row == Told(version));

    /// <summary>The version of an object's row.</summary>
    public ObjectVersion VersionOf(string row) => Versions.First(version => row == Told(version));

    public override string ToString() =>
        (IsPrefix ? $"{Name} (prefix)" : string.Join(" or ", Versions.Select(Told))) + (MayBeMissing ? " or nothing" : "");

    private string Told(ObjectVersion version) => $"{Name} {version.ETag} {version.Bytes.Length}";
}

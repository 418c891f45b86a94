using System.Collections.Immutable;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>What the local layer has of a key.</summary>
/// <param name="Versions">The newest first.</param>
internal sealed record VersionedKey(ImmutableList<ModelVersion> Versions, ModelTombstone? Tombstone)
{
    public static readonly VersionedKey Empty = new([], null);

    public ModelVersion? Find(string id) => Versions.Find(version => version.Id == id);

    public VersionedKey Replace(ModelVersion old, ModelVersion now) => this with { Versions = Versions.Replace(old, now) };

    public VersionedKey Without(string id) => this with { Versions = Versions.RemoveAll(version => version.Id == id) };

    /// <summary>The same, with an id in place of the one that was not known.</summary>
    public VersionedKey Named(string id) => new(
        [.. Versions.Select(version => version.Id == ModelVersion.Unknown ? version with { Id = id } : version)],
        Tombstone?.Marker == ModelVersion.Unknown ? Tombstone with { Marker = id } : Tombstone);

    public override string ToString() =>
        $"[{string.Join("; ", Versions)}]{(Tombstone is { } tombstone ? $" and {tombstone}" : "")}";
}

/// <summary>The record that a key was deleted.</summary>
/// <param name="Marker">The delete marker that takes it along when a client deletes it (rule V4). Null for none.</param>
internal sealed record ModelTombstone(string? Marker)
{
    /// <summary>Whether a delete stopped halfway, so that it may name another marker, a version, or nothing.</summary>
    public bool IsDoubtful { get; init; }
}

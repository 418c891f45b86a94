using System.Collections.Immutable;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>
/// The model of a bucket with versions: a value, so that what a request may leave if it stops halfway are other values beside it.
/// </summary>
/// <param name="Name">Its name, also at the remote.</param>
/// <param name="IsOverlaid">Whether it continues in the remote.</param>
internal sealed record VersionedBucket(string Name, bool IsOverlaid)
{
    public ImmutableSortedDictionary<string, VersionedKey> Keys { get; init; } =
        ImmutableSortedDictionary.Create<string, VersionedKey>(ModelBucket.ByBytes);

    /// <summary>The remote's objects: each is the version <c>null</c>.</summary>
    public ImmutableSortedDictionary<string, ModelVersion> Remote { get; init; } =
        ImmutableSortedDictionary.Create<string, ModelVersion>(ModelBucket.ByBytes);

    public ModelVersioning Versioning { get; init; }

    /// <summary>Whether it has Object Lock.</summary>
    public bool IsLocking { get; init; }

    /// <summary>The mode and days of the default retention. Null if there is none.</summary>
    public (string Mode, int Days)? DefaultRetention { get; init; }

    public ModelAccess Access { get; init; } = new();

    public ModelLifecycle Lifecycle { get; init; } = new();

    /// <summary>The open uploads, by their ids.</summary>
    public ImmutableSortedDictionary<string, OpenUpload> Uploads { get; init; } = ImmutableSortedDictionary<string, OpenUpload>.Empty;

    public VersionedKey Of(string key) => Keys.GetValueOrDefault(key, VersionedKey.Empty);

    public VersionedBucket With(string key, VersionedKey state) => this with
    {
        Keys = state is { Versions.IsEmpty: true, Tombstone: null } ? Keys.Remove(key) : Keys.SetItem(key, state),
    };

    /// <summary>The remote's object of a key that the local layer does not decide. Null for none.</summary>
    public ModelVersion? RemoteOwned(string key) =>
        Of(key) is { Versions.IsEmpty: true, Tombstone: null } ? Remote.GetValueOrDefault(key) : null;

    /// <summary>The versions that a listing shows (rule V3).</summary>
    public ImmutableList<ModelVersion> Shown(string key) => RemoteOwned(key) is { } remote ? [remote] : Of(key).Versions;

    /// <summary>The keys that a listing of versions shows, in order.</summary>
    public IEnumerable<string> ShownKeys() =>
        Keys.Keys.Concat(Remote.Keys).Distinct().Where(key => Shown(key).Count > 0).Order(ModelBucket.ByBytes);

    /// <summary>What a read of a key shows: an object or nothing.</summary>
    public ModelVersion? Current(string key) => Shown(key) is [{ IsMarker: false } newest, ..] ? newest : null;

    /// <summary>What a read of a version finds, a delete marker too (rule V1).</summary>
    public ModelVersion? Find(string key, string id) => Of(key).Find(id)
        ?? (id == ModelVersion.Null && Of(key).Tombstone is null ? Remote.GetValueOrDefault(key) : null);

    /// <summary>Adds a version as the versioning says, with the bucket's default retention unless it has one.</summary>
    public VersionedBucket Write(string key, ModelVersion version, DateTimeOffset now)
    {
        var isNew = Versioning == ModelVersioning.Enabled;
        var state = isNew ? Of(key) : Of(key).Without(ModelVersion.Null);
        var kept = version.Lock.Mode is null && DefaultRetention is { } retention
            ? version.Lock with { Mode = retention.Mode, Until = now.AddDays(retention.Days) } : version.Lock;
        version = version with { Id = isNew ? ModelVersion.Unknown : ModelVersion.Null, Lock = kept };
        return With(key, state with { Versions = state.Versions.Insert(0, version) });
    }

    /// <summary>The steps of a delete without a version, one state each.</summary>
    public IReadOnlyList<VersionedBucket> Delete(string key, DateTimeOffset now)
    {
        var stages = new List<VersionedBucket>();
        var state = Of(key);
        if (IsOverlaid)
        {
            state = state with { Tombstone = (state.Tombstone ?? new(null)) with { IsDoubtful = true } };
            stages.Add(With(key, state));
        }

        if (Versioning == ModelVersioning.Never)
        {
            stages.Add(With(key, new([], IsOverlaid ? Of(key).Tombstone ?? new(null) : null)));
            return stages;
        }

        var marker = new ModelVersion(Versioning == ModelVersioning.Enabled ? ModelVersion.Unknown : ModelVersion.Null, null, now);
        state = Versioning == ModelVersioning.Enabled ? state : state.Without(ModelVersion.Null);
        state = state with { Versions = state.Versions.Insert(0, marker) };
        stages.Add(With(key, state));
        if (IsOverlaid)
        {
            stages.Add(With(key, state with { Tombstone = new(marker.Id) }));
        }

        return stages;
    }

    /// <summary>The steps of the delete of a version that is there, or whose tombstone is.</summary>
    public IReadOnlyList<VersionedBucket> DeleteVersion(string key, string id)
    {
        if (!IsOverlaid)
        {
            return [With(key, Of(key).Without(id))];
        }

        if (id == ModelVersion.Null)
        {
            // Deleting all listed versions empties the bucket, so the remote's object must not show again (rule V3).
            var hidden = Of(key) with { Tombstone = Of(key).Tombstone ?? new(null) };
            return [With(key, hidden), With(key, hidden.Without(id))];
        }

        var left = Of(key).Without(id);
        return left.Tombstone?.Marker != id ? [With(key, left)] : [With(key, left), With(key, Undone(left))];
    }

    /// <summary>A key whose delete was undone: an earlier marker keeps it deleted (rule V4).</summary>
    public static VersionedKey Undone(VersionedKey state) => state with
    {
        Tombstone = state.Versions.Find(version => version.IsMarker) is { } older ? new(older.Id) : null,
    };

    /// <summary>The remote's object as a version of its own, for a sub-resource (rule W5).</summary>
    public VersionedBucket CopyUp(string key, DateTimeOffset now) =>
        RemoteOwned(key) is { } remote ? Write(key, remote with { IsCopiedUp = true }, now) : this;
}

internal enum ModelVersioning
{
    Never,
    Enabled,
    Suspended,
}

/// <param name="Bytes">Its only part. Null if that was refused.</param>
internal sealed record OpenUpload(string Key, byte[]? Bytes, DateTimeOffset Begun);

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>What the whole log says about the store, for a rebuild. Of several changes of one thing the last one counts.</summary>
internal sealed class LogContent
{
    /// <summary>The highest number of a delete or tombstone of each key: files with a lower one do not count.</summary>
    public Dictionary<(string Bucket, string Key), ulong> Graves { get; } = [];

    /// <summary>
    /// The same of the versions <c>null</c> in buckets with versioning, where tombstones hide only the remote: files of the version
    /// <c>null</c> with a lower number do not count.
    /// </summary>
    public Dictionary<(string Bucket, string Key), ulong> NullGraves { get; } = [];

    public Dictionary<(string Bucket, string Key), TombstoneRow> Tombstones { get; } = [];

    /// <summary>The newest tags of objects whose file has others, by file.</summary>
    public Dictionary<FileId, Change> Tags { get; } = [];

    /// <summary>The newest locks of versions whose file has another, by file.</summary>
    public Dictionary<FileId, Change> Locks { get; } = [];

    /// <summary>The newest owner and ACL of objects whose file has others, by file.</summary>
    public Dictionary<FileId, Change> Acls { get; } = [];

    public Dictionary<string, BucketRecord> Buckets { get; } = new(StringComparer.Ordinal);

    /// <summary>Buckets whose versions the log has, even if it lost the record that enabled them.</summary>
    private readonly HashSet<string> _versioned = new(StringComparer.Ordinal);

    public Dictionary<string, UploadRecord> Uploads { get; } = new(StringComparer.Ordinal);

    /// <summary>Objects whose last change is in the log.</summary>
    public Dictionary<(string Bucket, string Key), ObjectRow> Objects { get; } = [];

    /// <summary>Versions and delete markers whose last change is in the log.</summary>
    public Dictionary<(string Bucket, string Key, ulong Sequence), ObjectRow> Versions { get; } = [];

    /// <summary>Files of parts and versions that are to be removed.</summary>
    public HashSet<FileId> Removals { get; } = [];

    /// <summary>The highest number of any change.</summary>
    public ulong Highest { get; private set; }

    /// <summary>Deletes with a higher number than this are all in the log, unless it lost records.</summary>
    public ulong DeletesKnownFrom { get; private set; }

    /// <summary>The log's end.</summary>
    public LogPlace End { get; private set; }

    /// <summary>Places where the log lost records.</summary>
    public List<LogPlace> Lost { get; } = [];

    /// <summary>Reads the whole log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="damaged">Called for each bad place.</param>
    public static LogContent Read(ChangeLog log, Action<LogPlace, LogDamage> damaged)
    {
        var content = new LogContent();
        foreach (var (end, record) in log.Read(default, Damaged))
        {
            content.End = end;
            try
            {
                foreach (var change in Change.Read(record.Span))
                {
                    content.Take(change);
                }
            }
            catch (InvalidDataException)
            {
                Damaged(end, LogDamage.Lost);
            }
        }

        return content;

        void Damaged(LogPlace place, LogDamage damage)
        {
            if (damage == LogDamage.Lost)
            {
                content.Lost.Add(place);
            }

            damaged(place, damage);
        }
    }

    /// <summary>Takes one more change.</summary>
    public void Take(Change change)
    {
        var name = (change.Bucket, change.Key);
        Note(change.Sequence);
        switch (change.Kind)
        {
            case ChangeKind.Replacement:
                DeletesKnownFrom = change.Sequence;
                Graves.Clear();
                NullGraves.Clear();
                Versions.Clear();
                _versioned.Clear();
                Tombstones.Clear();
                Tags.Clear();
                Locks.Clear();
                Acls.Clear();
                Buckets.Clear();
                Uploads.Clear();
                Objects.Clear();
                Removals.Clear();
                break;
            case ChangeKind.Object:
                Note(change.Object!.Sequence);
                Objects[name] = change.Object;
                break;
            case ChangeKind.Version:
                Note(change.Object!.Sequence);
                _versioned.Add(change.Bucket);
                Versions[(change.Bucket, change.Key, change.Object.Sequence)] = change.Object;
                if (change.Object.VersionId is null)
                {
                    BuryNull(name, change.Object.Sequence);
                }

                break;
            case ChangeKind.VersionRemoval:
                _versioned.Add(change.Bucket);
                Versions.Remove((change.Bucket, change.Key, change.Sequence));
                if (change.File != default)
                {
                    Removals.Add(change.File);
                }

                if (change.IsNull)
                {
                    BuryNull(name, change.Sequence + 1);
                }

                break;
            case ChangeKind.Tags:
                Tags[change.File] = change;
                break;
            case ChangeKind.Lock:
                Locks[change.File] = change;
                break;
            case ChangeKind.Acl:
                Acls[change.File] = change;
                break;
            case ChangeKind.Delete:
                Bury(name, change.Sequence);
                BuryNull(name, change.Sequence);
                break;
            case ChangeKind.Tombstone:
                if (!Tombstones.TryGetValue(name, out var known) || known.Sequence <= change.Sequence)
                {
                    Tombstones[name] = change.Tombstone!;
                }

                Bury(name, change.Sequence);
                break;
            case ChangeKind.Undelete:
                // The object that was deleted then does not come back, only the remote's.
                if (Tombstones.TryGetValue(name, out var hidden) && hidden.Sequence <= change.Sequence)
                {
                    Tombstones.Remove(name);
                }

                Bury(name, change.Sequence);
                break;
            case ChangeKind.Bucket when change.Record is { } record:
                Note(record.PurgedUpTo);
                Buckets[change.Bucket] = record;
                NoteVersioning(change.Bucket, record.Versioning);
                break;
            case ChangeKind.Bucket:
                Buckets.Remove(change.Bucket);
                NoteVersioning(change.Bucket, Versioning.Never);
                break;
            case ChangeKind.Upload:
                Uploads[change.UploadId] = change.Upload!;
                break;
            case ChangeKind.UploadEnd:
                Uploads.Remove(change.UploadId);
                break;
            case ChangeKind.Part:
                Note(change.Part!.Sequence);
                break;
            case ChangeKind.Removal:
                Removals.Add(change.File);
                break;
        }
    }

    /// <summary>The same with another end: the log goes on there.</summary>
    public LogContent EndsAt(LogPlace end)
    {
        End = end;
        return this;
    }

    /// <summary>True if a tombstone was not removed with its bucket.</summary>
    public bool Counts(KeyValuePair<(string Bucket, string Key), TombstoneRow> tombstone) =>
        tombstone.Value.Sequence >= (Buckets.GetValueOrDefault(tombstone.Key.Bucket)?.PurgedUpTo ?? 0);

    public void Note(ulong sequence) => Highest = Math.Max(Highest, sequence);

    /// <summary>True for a bucket that has or had versioning.</summary>
    public bool HasVersions(string bucket) =>
        _versioned.Contains(bucket) || (Buckets.GetValueOrDefault(bucket)?.Versioning ?? Versioning.Never) != Versioning.Never;

    /// <summary>True if a newer version or a delete came after this one.</summary>
    public bool IsBuried(string bucket, string key, string? versionId, ulong sequence) =>
        versionId is null && (NullGraves.GetValueOrDefault((bucket, key)) > sequence
            || (!HasVersions(bucket) && Graves.GetValueOrDefault((bucket, key)) > sequence));

    private void NoteVersioning(string bucket, Versioning versioning)
    {
        if (versioning == Versioning.Never)
        {
            _versioned.Remove(bucket);
        }
    }

    private void BuryNull((string Bucket, string Key) name, ulong sequence)
    {
        NullGraves[name] = Math.Max(NullGraves.GetValueOrDefault(name), sequence);
        if (Objects.TryGetValue(name, out var row) && row.Sequence < sequence)
        {
            Objects.Remove(name);
        }
    }

    private void Bury((string Bucket, string Key) name, ulong sequence)
    {
        Graves[name] = Math.Max(Graves.GetValueOrDefault(name), sequence);
        if (!HasVersions(name.Bucket) && Objects.TryGetValue(name, out var row) && row.Sequence < sequence)
        {
            Objects.Remove(name);
        }
    }
}

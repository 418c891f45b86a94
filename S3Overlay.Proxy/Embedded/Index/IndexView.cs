using System.Collections.Immutable;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// The index at one moment: recent commits in memory, those being written to a run, and the runs, newest first. Never changed, only
/// replaced.
/// </summary>
/// <param name="Recent">Commits since the last flush began.</param>
/// <param name="Flushing">Commits that a flush is writing to a run, or null.</param>
/// <param name="Runs">The runs, newest first.</param>
internal sealed record IndexView(ImmutableSortedSet<MemoryEntry> Recent, ImmutableSortedSet<MemoryEntry>? Flushing,
    ImmutableArray<SortedRun> Runs)
{
    /// <summary>Keeps every run's file alive; false where one is gone already, so that a newer view must be taken.</summary>
    public bool TryAcquire()
    {
        for (var i = 0; i < Runs.Length; i++)
        {
            if (!Runs[i].TryAcquire())
            {
                for (var j = 0; j < i; j++)
                {
                    Runs[j].Release();
                }

                return false;
            }
        }

        return true;
    }

    public void Release()
    {
        foreach (var run in Runs)
        {
            run.Release();
        }
    }

    /// <summary>The value of a key; null where it is deleted or was never there.</summary>
    public byte[]? Find(byte[] key)
    {
        var probe = new MemoryEntry(key, null);
        if (Recent.TryGetValue(probe, out var entry) && !ReferenceEquals(entry, probe))
        {
            return entry.Value;
        }

        if (Flushing is not null && Flushing.TryGetValue(probe, out entry) && !ReferenceEquals(entry, probe))
        {
            return entry.Value;
        }

        foreach (var run in Runs)
        {
            if (run.TryGet(key, out var value))
            {
                return value;
            }
        }

        return null;
    }
}

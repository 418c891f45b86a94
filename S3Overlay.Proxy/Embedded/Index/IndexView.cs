using System.Collections.Immutable;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The index at one moment: recent commits in memory, those being flushed, and the runs, newest first. Immutable.</summary>
/// <param name="Recent">Commits since the last flush began.</param>
/// <param name="Flushing">Commits that a flush is writing to a run, or null.</param>
/// <param name="Runs">The runs, newest first.</param>
internal sealed record IndexView(ImmutableSortedSet<MemoryEntry> Recent, ImmutableSortedSet<MemoryEntry>? Flushing,
    ImmutableArray<SortedRun> Runs)
{
    /// <summary>Keeps every run's file; false if one is already deleted, so a newer view is needed.</summary>
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

    /// <summary>A key's value; null if it was deleted or never existed.</summary>
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

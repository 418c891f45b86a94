using System.Collections.Immutable;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Walks commits in memory by their position in the tree: each step costs its height.</summary>
internal sealed class MemoryCursor(ImmutableSortedSet<MemoryEntry> commits) : ILayerCursor
{
    private MemoryEntry? _entry;
    private int _at;

    public bool IsValid => _entry is not null;

    public ReadOnlySpan<byte> Key => _entry!.Key;

    public ReadOnlySpan<byte> Value => _entry!.Value;

    public bool IsDeleted => _entry!.Value is null;

    public void Seek(ReadOnlySpan<byte> atOrAfter)
    {
        var at = commits.IndexOf(new MemoryEntry(atOrAfter.ToArray(), null));
        Stand(at < 0 ? ~at : at);
    }

    public void Next() => Stand(_at + 1);

    private void Stand(int at)
    {
        _at = at;
        _entry = at < commits.Count ? commits[at] : null;
    }
}

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>One key's commit in memory; compared by key only.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value; null if deleted.</param>
internal sealed record MemoryEntry(byte[] Key, byte[]? Value) : IComparable<MemoryEntry>
{
    /// <summary>An entry's overhead: a tree node and three object headers, roughly.</summary>
    public const int Overhead = 160;

    public long Cost => Key.Length + (Value?.Length ?? 0) + Overhead;

    public int CompareTo(MemoryEntry? other) => Key.AsSpan().SequenceCompareTo(other!.Key);
}

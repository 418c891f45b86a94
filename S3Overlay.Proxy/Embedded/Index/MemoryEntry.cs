namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>One commit of a key in memory; two are equal where their keys are.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value; null where it was deleted.</param>
internal sealed record MemoryEntry(byte[] Key, byte[]? Value) : IComparable<MemoryEntry>
{
    /// <summary>What an entry costs beside its bytes: a tree node and three object headers, roughly.</summary>
    public const int Overhead = 160;

    public long Cost => Key.Length + (Value?.Length ?? 0) + Overhead;

    public int CompareTo(MemoryEntry? other) => Key.AsSpan().SequenceCompareTo(other!.Key);
}

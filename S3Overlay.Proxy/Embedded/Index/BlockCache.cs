namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// Recently read blocks of all runs of an index: a fixed number of slots, each with the last block that was put there. No locks and no
/// usage order; a collision costs one read from the system's own cache.
/// </summary>
internal sealed class BlockCache(long bytes)
{
    private readonly Slot?[] _slots = new Slot?[Math.Max(16, bytes / SortedRun.BlockSize)];

    public byte[]? Get(long run, int block) =>
        Volatile.Read(ref _slots[Index(run, block)]) is { } slot && slot.Run == run && slot.Block == block ? slot.Bytes : null;

    public void Put(long run, int block, byte[] bytes) => Volatile.Write(ref _slots[Index(run, block)], new Slot(run, block, bytes));

    private int Index(long run, int block) => (int)((uint)HashCode.Combine(run, block) % (uint)_slots.Length);

    private sealed record Slot(long Run, int Block, byte[] Bytes);
}

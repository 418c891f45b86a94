namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Walks a run, one block in memory at a time.</summary>
internal sealed class RunCursor(SortedRun run) : ILayerCursor
{
    private BlockReader _reader;
    private int _block;

    public bool IsValid { get; private set; }

    public ReadOnlySpan<byte> Key => _reader.Key;

    public ReadOnlySpan<byte> Value => _reader.Value;

    public bool IsDeleted => _reader.IsDeleted;

    public void Seek(ReadOnlySpan<byte> atOrAfter)
    {
        _block = Math.Max(0, run.FindBlock(atOrAfter));
        _reader = new BlockReader(run.ReadBlock(_block));
        do
        {
            Next();
        }
        while (IsValid && Key.SequenceCompareTo(atOrAfter) < 0);
    }

    public void Next()
    {
        while (!_reader.Next())
        {
            if (++_block >= run.BlockCount)
            {
                IsValid = false;
                return;
            }

            _reader = new BlockReader(run.ReadBlock(_block));
        }

        IsValid = true;
    }
}

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Walks one layer of an index, including deletions.</summary>
internal interface ILayerCursor
{
    bool IsValid { get; }

    ReadOnlySpan<byte> Key { get; }

    ReadOnlySpan<byte> Value { get; }

    bool IsDeleted { get; }

    void Seek(ReadOnlySpan<byte> atOrAfter);

    void Next();
}

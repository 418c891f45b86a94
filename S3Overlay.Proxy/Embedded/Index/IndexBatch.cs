namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Changes that are applied together or not at all. A later change of a key in a batch overrides an earlier one.</summary>
public sealed class IndexBatch
{
    private readonly List<KeyValuePair<byte[], byte[]?>> _changes = [];

    /// <summary>True if the changes are already on disk elsewhere, for a rebuild of the index.</summary>
    internal bool IsSettled { get; set; }

    /// <summary>Number of changes.</summary>
    public int Count => _changes.Count;

    /// <summary>The changes, in order; a null value deletes.</summary>
    internal IReadOnlyList<KeyValuePair<byte[], byte[]?>> Changes => _changes;

    /// <summary>Sets a key's value.</summary>
    public IndexBatch Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _changes.Add(new(key.ToArray(), value.ToArray()));
        return this;
    }

    /// <summary>Deletes a key; no error if it does not exist.</summary>
    public IndexBatch Delete(ReadOnlySpan<byte> key)
    {
        _changes.Add(new(key.ToArray(), null));
        return this;
    }
}

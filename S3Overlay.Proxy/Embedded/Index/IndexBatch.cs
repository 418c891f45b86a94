namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Changes that are made together or not at all. A later change of a key in a batch outdoes an earlier one.</summary>
public sealed class IndexBatch
{
    private readonly List<KeyValuePair<byte[], byte[]?>> _changes = [];

    /// <summary>Whether what it says stands on the disk elsewhere already, for whoever builds the index again.</summary>
    internal bool IsSettled { get; set; }

    /// <summary>How many changes it holds.</summary>
    public int Count => _changes.Count;

    /// <summary>The changes, in order; a null value deletes.</summary>
    internal IReadOnlyList<KeyValuePair<byte[], byte[]?>> Changes => _changes;

    /// <summary>Sets a key's value.</summary>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _changes.Add(new(key.ToArray(), value.ToArray()));

    /// <summary>Takes a key away; no error where it is not there.</summary>
    public void Delete(ReadOnlySpan<byte> key) => _changes.Add(new(key.ToArray(), null));
}

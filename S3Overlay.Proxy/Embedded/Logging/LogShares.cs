namespace S3Overlay.Proxy.Embedded.Logging;

/// <summary>
/// How many bytes of records wait to be written, and of which buckets, so that the requests to one bucket do not lose the records of
/// others. Not safe for several threads.
/// </summary>
internal sealed class LogShares
{
    private const long MostOfAll = 16 << 20;
    private const long MostOfBucket = 4 << 20;

    private readonly Dictionary<string, long> _shares = new(StringComparer.Ordinal);
    private long _all;

    /// <summary>Whether there is room for a record.</summary>
    public bool HasRoom(string bucket, int length) =>
        _all + length <= MostOfAll && _shares.GetValueOrDefault(bucket) + length <= MostOfBucket;

    /// <summary>Counts bytes that wait.</summary>
    public void Add(string bucket, int length)
    {
        _all += length;
        _shares[bucket] = _shares.GetValueOrDefault(bucket) + length;
    }

    /// <summary>Makes room for other records.</summary>
    public void Remove(LogBatch batch)
    {
        _all -= batch.Length;
        if ((_shares[batch.Bucket] -= batch.Length) == 0)
        {
            _shares.Remove(batch.Bucket);
        }
    }
}

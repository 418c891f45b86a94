namespace S3Overlay.Proxy.Forwarding.BucketCache.Spooling;

/// <summary>A limit on buffered bytes on their way to a store. Fills and spooled uploads have one each.</summary>
/// <param name="maxBytes">For all of them together.</param>
internal sealed class SpoolQuota(long maxBytes)
{
    private long _used;

    /// <summary>How much there is in all.</summary>
    public long MaxBytes => maxBytes;

    /// <summary>How much is taken now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes room, where there is any. A refused attempt never takes room away from another.</summary>
    public bool TryTake(long bytes)
    {
        var used = Volatile.Read(ref _used);
        while (used + bytes <= maxBytes)
        {
            var seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (seen == used)
            {
                return true;
            }

            used = seen;
        }

        return false;
    }

    /// <summary>Gives room back.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref _used, -bytes);
}

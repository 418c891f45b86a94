namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>How much room uploads have that wait for their end.</summary>
/// <param name="maxBytes">For all of them together.</param>
internal sealed class SpoolRoom(long maxBytes)
{
    /// <summary>S3 takes no larger object, or part, in one request.</summary>
    private const long LargestBody = 5L << 30;

    private long _used;

    /// <summary>The largest that can ever have room.</summary>
    public long Largest => Math.Min(LargestBody, maxBytes);

    /// <summary>Takes room, where there is any.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= maxBytes)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    /// <summary>Gives room back.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref _used, -bytes);
}

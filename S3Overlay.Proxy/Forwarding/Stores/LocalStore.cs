namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>An S3 endpoint as the local layer.</summary>
internal sealed class LocalStore
{
    /// <param name="time">The clock.</param>
    public LocalStore(StoreCalls calls, StoreSettings settings, TimeProvider time)
    {
        (Calls, Settings, Time) = (calls, settings, time);
        Buckets = new StoreBuckets(calls, settings, time);
        Cache = new CacheBucket(calls, Buckets, settings.CacheBucket, time);
    }

    /// <summary>How it is asked.</summary>
    public StoreCalls Calls { get; }

    /// <summary>How it is used.</summary>
    public StoreSettings Settings { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Its buckets.</summary>
    public StoreBuckets Buckets { get; }

    /// <summary>The overlay's own bucket.</summary>
    public CacheBucket Cache { get; }

    /// <summary>True if no other proxy writes to it.</summary>
    public bool IsAlone => Settings.Proxies == 1;
}

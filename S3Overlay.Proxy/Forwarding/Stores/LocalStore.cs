namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>The S3 endpoint that is local: how it is asked, its buckets, and the overlay's own among them.</summary>
internal sealed class LocalStore
{
    /// <summary>A store.</summary>
    /// <param name="calls">How it is asked.</param>
    /// <param name="settings">How it is used.</param>
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

    /// <summary>Whether no other proxy writes to it.</summary>
    public bool IsAlone => Settings.Proxies == 1;
}

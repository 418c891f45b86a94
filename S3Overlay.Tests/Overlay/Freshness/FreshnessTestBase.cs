using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Reads with entries whose age a test controls.</summary>
public abstract class FreshnessTestBase : ReaderTestBase
{
    /// <summary>How long entries are fresh, in tests that limit it.</summary>
    protected static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <summary>A short time, but long enough for tests to distinguish two moments.</summary>
    protected static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    protected FreshnessTestBase() => Revalidate(Revalidation.After(Life));

    /// <summary>HEAD requests to the remote that named a cached version.</summary>
    protected List<RemoteRead> Questions => [.. Remote.Heads.Where(read => read.IfNoneMatch is not null)];

    /// <summary>Sets when entries are revalidated, from now on or after the next reopening.</summary>
    protected void Revalidate(Revalidation revalidation) =>
        Settings = Settings with { Revalidation = revalidation };

    /// <summary>The source of a response, and its age.</summary>
    protected static (string Layer, string Cache, string Age) Origin(CollectedResponse response) =>
        (response.Headers["x-s3overlay-layer"].ToString(), response.Headers["x-cache"].ToString(), response.Headers.Age.ToString());

    /// <summary>Reads an object until all of it is cached.</summary>
    protected async Task<byte[]> HoldAsync(string key, int length = 1000, int seed = 1)
    {
        var bytes = Bytes(length, seed);
        Remote.Put(key, bytes);
        Assert.Equal("MISS", Origin(await ReadAsync(key)).Cache);
        await QuietAsync();
        return bytes;
    }

    /// <summary>When the entry of "key" was last validated.</summary>
    protected async Task<DateTimeOffset> ValidatedAtAsync()
    {
        await using var copy = await Store.FindAsync(Bucket, "key", default);
        return copy!.ValidatedAt;
    }

    /// <summary>Finishes once the entry of "key" is validated at the given moment.</summary>
    protected Task RenewedAsync(DateTimeOffset at) =>
        Patience.UntilAsync(async () => await ValidatedAtAsync() >= at, "The copy is not renewed.");

    /// <summary>Clears the recorded requests to the remote.</summary>
    protected void ForgetRequests()
    {
        Remote.Gets.Clear();
        Remote.Heads.Clear();
    }

    /// <summary>Makes the remote fail, or respond again.</summary>
    protected void Fail(RemoteFailure? failure) => Remote.OnRequest = failure is { } kind ? (_, _) =>
        throw new RemoteException(kind, "as the test says") : null;

    /// <summary>Larger objects are cached in chunks of this size.</summary>
    protected void InChunks(int size = 64 << 10) => Settings = Settings with
        { ChunkThreshold = size, ChunkSize = size, ReadAheadBytes = 0 };
}

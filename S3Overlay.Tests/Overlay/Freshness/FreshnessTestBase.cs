using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Tests.Overlay.Reading;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Freshness;

/// <summary>Reading with copies whose age a test decides.</summary>
public abstract class FreshnessTestBase : ReaderTestBase
{
    /// <summary>The life of copies, where tests give them one.</summary>
    protected static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <summary>A short time, but long enough for tests to distinguish two moments.</summary>
    protected static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    protected FreshnessTestBase() => Revalidate(Revalidation.After(Life));

    /// <summary>Requests for headers that the remote was asked and that named a version held here.</summary>
    protected List<RemoteRead> Questions => [.. Remote.Heads.Where(read => read.IfNoneMatch is not null)];

    /// <summary>When copies are compared with the remote, from now on or from the next reopening on.</summary>
    protected void Revalidate(Revalidation revalidation) =>
        Settings = Settings with { Freshness = Settings.Freshness with { Revalidation = revalidation } };

    /// <summary>Where an answer came from, and its age.</summary>
    protected static (string Layer, string Cache, string Age) Origin(CollectedAnswer answer) =>
        (answer.Headers["x-s3overlay-layer"].ToString(), answer.Headers["x-cache"].ToString(), answer.Headers.Age.ToString());

    /// <summary>Reads an object until all of it is held.</summary>
    protected async Task<byte[]> HoldAsync(string key, int length = 1000, int seed = 1)
    {
        var bytes = Bytes(length, seed);
        Remote.Put(key, bytes);
        Assert.Equal("MISS", Origin(await ReadAsync(key)).Cache);
        await QuietAsync();
        return bytes;
    }

    /// <summary>When the copy of "key" was last known to be current.</summary>
    protected async Task<DateTimeOffset> ValidatedAtAsync()
    {
        await using var copy = await Store.FindAsync(Bucket, "key", default);
        return copy!.ValidatedAt;
    }

    /// <summary>Finishes once the copy of "key" is known to be current at a moment.</summary>
    protected Task RenewedAsync(DateTimeOffset at) =>
        Patience.UntilAsync(async () => await ValidatedAtAsync() >= at, "The copy is not renewed.");

    /// <summary>Forgets what the remote was asked.</summary>
    protected void ForgetRequests()
    {
        Remote.Gets.Clear();
        Remote.Heads.Clear();
    }

    /// <summary>Has the remote fail from now on, or answer again.</summary>
    protected void Fail(RemoteFailure? failure) => Remote.OnRequest = failure is { } kind ? (_, _) =>
        throw new RemoteException(kind, "as the test says") : null;

    /// <summary>Objects larger than this are held in chunks of this.</summary>
    protected void InChunks(int size = 64 << 10) => Settings = Settings with
        { ChunkThreshold = size, ChunkSize = size, ReadAheadBytes = 0 };
}

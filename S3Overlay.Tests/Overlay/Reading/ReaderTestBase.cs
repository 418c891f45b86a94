using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>A reader over a real cache and a remote that tests control.</summary>
public abstract class ReaderTestBase : IAsyncLifetime
{
    protected const string Bucket = "bucket";

    /// <summary>Created once, even by many threads: two readers would not share fills.</summary>
    private Lazy<RemoteReader> _reader;

    protected ReaderTestBase() => _reader = MakeReader();

    /// <summary>Does not move by itself, so nothing expires by itself.</summary>
    protected ManualTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    protected TemporaryFolder Folder { get; } = new();

    protected FakeRemote Remote { get; } = new();

    /// <summary>The read settings. A slow remote in a test must not count as a hanging one.</summary>
    protected ReadSettings Settings { get; set; } = new() { Budget = TimeSpan.FromDays(2) };

    protected ICacheStore Store { get; private set; } = null!;

    private ICachePlace Place { get; set; } = null!;

    /// <summary>Wraps the store, if a test needs that.</summary>
    protected Func<ICacheStore, ICacheStore> Wrap { get; set; } = store => store;

    protected RemoteReader Reader => _reader.Value;

    public virtual async Task InitializeAsync()
    {
        Place = await StartPlaceAsync();
        Store = OpenStore();
    }

    public virtual async Task DisposeAsync()
    {
        await CloseStoreAsync();
        await Place.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>As after a restart: nothing in memory is left.</summary>
    protected async Task ReopenAsync(Action? meanwhile = null)
    {
        await CloseStoreAsync();
        meanwhile?.Invoke();
        Store = OpenStore();
        _reader = MakeReader();
    }

    protected static S3Request Request(string key, string? range = null, bool head = false, string query = "",
        params (string Name, string Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        if (range is not null)
        {
            dictionary["Range"] = range;
        }

        foreach (var (name, value) in headers)
        {
            dictionary[name] = value;
        }

        return new S3Request
        {
            Operation = head ? S3Operation.HeadObject : S3Operation.GetObject,
            Method = head ? "HEAD" : "GET",
            Bucket = Bucket,
            Key = key,
            Query = S3Query.Parse(query),
            Headers = dictionary,
            Caller = new S3Caller("test"),
            Body = S3Body.Empty,
            RequestId = "test",
            Address = new S3Address("http", "localhost", false),
        };
    }

    protected async Task<CollectedResponse> ReadAsync(S3Request request, CancellationToken cancellationToken = default)
    {
        var response = new CollectedResponse();
        await Reader.ReadAsync(request, response, Remote.Bucket, cancellationToken);
        await response.Body.FlushAsync(CancellationToken.None);
        return response;
    }

    protected Task<CollectedResponse> ReadAsync(string key, string? range = null, CancellationToken cancellationToken = default) =>
        ReadAsync(Request(key, range), cancellationToken);

    protected static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Finishes once no fill and no read is running.</summary>
    protected Task QuietAsync() => Patience.UntilAsync(() => Reader.Fills!.Objects.InUse == 0, "A fill does not end.");

    /// <summary>The place of the entries: the built-in store, unless a derived class runs the same tests over another one.</summary>
    protected virtual Task<ICachePlace> StartPlaceAsync() => Task.FromResult<ICachePlace>(new CacheFolderPlace(Folder["cache"]));

    /// <summary>Opens the store under test.</summary>
    protected virtual ICacheStore OpenStore() => Place.Open(Time);

    private ValueTask CloseStoreAsync() => ((IAsyncDisposable)Store).DisposeAsync();

    private Lazy<RemoteReader> MakeReader() => new(() => OverlayParts.Reader(Settings, Wrap(Store), Time, NullLogger.Instance));
}

/// <summary>The cache folder of the built-in store.</summary>
internal sealed class CacheFolderPlace(string folder) : ICachePlace
{
    public ICacheStore Open(TimeProvider time) => DiskCacheStore.Open(folder, NullLogger<DiskCacheStore>.Instance, time);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

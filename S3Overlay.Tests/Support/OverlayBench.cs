using System.IO.Pipelines;
using System.Text;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Support;

/// <summary>An overlay whose layers are all in memory, with requests in process.</summary>
public sealed class OverlayBench : IRemoteBuckets
{
    private readonly Lazy<OverlayService> _service;

    public OverlayBench()
    {
        Local = new InMemoryLocal(Layer);
        _service = new(() => OverlayParts.Service(
            new LocalLayer
            {
                Check = _ => Task.CompletedTask,
                Service = LocalService,
                Reads = new ResolvedReads(LocalService, State, Versions),
                Versions = Versions,
                State = State,
                Marks = Store is null ? new InMemoryMarks(Layer) : new EmbeddedTombstones(Store),
                Changes = Store is null ? new InMemoryChanges() : new EmbeddedChanges(Store),
                Conditions = Conditions ?? BuiltInConditions.Instance,
            },
            HasRealReader ? OverlayParts.Reader(new ReadSettings(), null, Time, NullLogger.Instance) : Reader,
            this,
            Remote,
            Settings,
            Time,
            NullLogger.Instance));
        Remote.AddBucket("below");
    }

    private IS3Service LocalService => Store is null ? Local : new EmbeddedService(Store);

    private EmbeddedVersions? Versions => Store is null ? null : new EmbeddedVersions(Store);

    private ILayerState State => Store is null ? Layer : new EmbeddedLayerState(Store);

    public InMemoryLayer Layer { get; } = new();

    public InMemoryLocal Local { get; }

    public InMemoryRemote Remote { get; } = new();

    public SimpleRemoteReader Reader { get; } = new();

    /// <summary>Whether to read the remote through the proxy's own reader.</summary>
    public bool HasRealReader { get; init; }

    /// <summary>The store to use as the writable layer instead of the one in memory.</summary>
    public EmbeddedStore? Store { get; init; }

    /// <summary>The conditions that the local layer checks. Null for all.</summary>
    public ILocalConditions? Conditions { get; init; }

    public ManualTimeProvider Time { get; } = new();

    public OverlaySettings Settings { get; set; } = new();

    /// <summary>Which keys of a DeleteObjects the caller may write.</summary>
    public Func<string, bool> MayWrite { get; set; } = static _ => true;

    /// <summary>The mapped bucket is <c>mapped</c>; <c>plain*</c> have no remote; all others continue under their own name.</summary>
    public IReadOnlyCollection<string> Mapped { get; } = ["mapped"];

    public BucketRoutes? Find(string bucket) =>
        bucket.StartsWith("plain", StringComparison.Ordinal) ? null
            : new BucketRoutes(new RemoteBucket(Remote, bucket == "mapped" ? "below" : bucket, ""));

    public async Task<BufferedResponse> SendAsync(
        S3Operation operation, string bucket, string key = "", string text = "", string query = "",
        params (string Name, string Value)[] headers)
    {
        var response = new BufferedResponse();
        await SendAsync(response, operation, bucket, key, text, query, headers);
        await response.FinishAsync(default);
        return response;
    }

    public Task SendAsync(
        S3Response response, S3Operation operation, string bucket, string key, string text, string query,
        params (string Name, string Value)[] headers) =>
        _service.Value.HandleAsync(Request(operation, bucket, key, text, query, headers), response, CancellationToken.None);

    /// <summary>A PutObject with the given body.</summary>
    public async Task WriteAsync(string bucket, string key, S3Body body, params (string Name, string Value)[] headers) =>
        await _service.Value.HandleAsync(
            Request(S3Operation.PutObject, bucket, key, "", "", headers) with { Body = body }, new BufferedResponse(),
            CancellationToken.None);

    /// <summary>A delete that is an administrator's: it fails if the key was written or deleted here.</summary>
    public Task DeleteUnchangedAsync(string bucket, string key) => _service.Value.HandleAsync(
        new OverlaidWrite(Request(S3Operation.DeleteObject, bucket, key, "", "", [])) { OnlyUnchanged = true }, new BufferedResponse(),
        CancellationToken.None);

    public async Task<S3Exception> FailAsync(
        S3Operation operation, string bucket, string key = "", string text = "", string query = "",
        params (string Name, string Value)[] headers) =>
        await Assert.ThrowsAsync<S3Exception>(() => SendAsync(operation, bucket, key, text, query, headers));

    public async Task<string> GetAsync(string bucket, string key) =>
        Encoding.UTF8.GetString((await SendAsync(S3Operation.GetObject, bucket, key)).Content.Span);

    public async Task<List<string>> ListAsync(string bucket) =>
        [.. Xml(await SendAsync(S3Operation.ListObjectsV2, bucket)).Descendants().Where(element => element.Name.LocalName == "Key")
            .Select(element => element.Value)];

    public static XElement Xml(BufferedResponse response) => XElement.Parse(Encoding.UTF8.GetString(response.Content.Span));

    private S3Request Request(
        S3Operation operation, string bucket, string key, string text, string query, (string Name, string Value)[] headers)
    {
        var all = new HeaderDictionary();
        foreach (var (name, value) in headers)
        {
            all[name] = value;
        }

        return new S3Request
        {
            Operation = operation,
            Method = operation is S3Operation.HeadObject or S3Operation.HeadBucket ? "HEAD"
                : operation.ToString().StartsWith("Delete", StringComparison.Ordinal) ? "DELETE"
                : operation.ToString().StartsWith("Get", StringComparison.Ordinal)
                    || operation.ToString().StartsWith("List", StringComparison.Ordinal) ? "GET"
                : "PUT",
            Bucket = bucket,
            Key = key,
            Query = S3Query.Parse(query),
            Headers = all,
            Caller = new S3Caller("key"),
            Body = new TextBody(text),
            MayWrite = MayWrite,
            MayDelete = (name, _) => MayWrite(name),
            RequestId = "REQUEST",
            Address = new S3Address("http", "localhost", false),
        };
    }

    private sealed class TextBody(string text) : S3Body
    {
        private readonly byte[] _bytes = Encoding.UTF8.GetBytes(text);
        private int _next;

        public override long? Length => _bytes.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = Math.Min(buffer.Length, _bytes.Length - _next);
            _bytes.AsSpan(_next, count).CopyTo(buffer.Span);
            _next += count;
            return new(count);
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Support;

/// <summary>A built-in store in a temporary folder, with requests in process.</summary>
internal sealed class EmbeddedBench : IAsyncDisposable
{
    private readonly StoreDisk? _disk;
    private readonly long? _waitingBytes;
    private readonly TemporaryFolder _folder = new();
    private string? _elsewhere;

    private EmbeddedBench(StoreDisk? disk, long? waitingBytes) => (_disk, _waitingBytes) = (disk, waitingBytes);

    /// <summary>The store. Null if it was never started.</summary>
    public EmbeddedStore Store { get; private set; } = null!;

    public EmbeddedService Service { get; private set; } = null!;

    public EmbeddedLayerState Layer { get; private set; } = null!;

    public ManualTimeProvider Time { get; } = new();

    public string Folder => _elsewhere ?? _folder.Path;

    /// <summary>The log of the store.</summary>
    public EventLogger Log { get; } = new();

    /// <summary>The keys of the store from the next start on.</summary>
    public ServerKeys Keys { get; set; } = ServerKeys.None;

    /// <summary>The size of a segment of the log from the next start on. Null for the default.</summary>
    public long? LogBytes { get; set; }

    public const string Bucket = "bucket";

    /// <summary>A store with one bucket. Not durable: the tests are about the order of events, not the disk.</summary>
    public static async Task<EmbeddedBench> OpenAsync(StoreDisk? disk = null, long? waitingBytes = null, string? folder = null)
    {
        var bench = new EmbeddedBench(disk, waitingBytes) { _elsewhere = folder };
        await bench.StartAsync();
        await bench.SendAsync(S3Operation.CreateBucket, "");

        // A shutdown before that is not clean, so the next start would check everything.
        await bench.Store.Tidying;
        return bench;
    }

    /// <summary>A bench whose folder a test fills before it starts.</summary>
    public static EmbeddedBench New() => new(null, null);

    public EmbeddedOptions Options()
    {
        var options = new EmbeddedOptions { Folder = Folder, IsDurable = false, Time = Time, MinPartSize = 1000, Disk = _disk,
            Keys = Keys, MayTakePlainKeys = true };
        options = LogBytes is { } size ? options with { LogSegmentSize = size } : options;
        return (_waitingBytes is { } bytes ? options with { MostWaitingBytes = bytes } : options) with { Logger = Log };
    }

    /// <summary>Closes the store, lets the test do something to its folder, and opens it again.</summary>
    public async Task ReopenAsync(Action? between = null)
    {
        await Store.DisposeAsync();
        between?.Invoke();
        await StartAsync();
    }

    /// <summary>Another bench over the current disk content, as if this process had been killed and no write was lost.</summary>
    public async Task<EmbeddedBench> AfterKillAsync()
    {
        var next = Leave();
        await next.StartAsync();
        return next;
    }

    /// <summary>The same, not started yet.</summary>
    public EmbeddedBench Leave()
    {
        var next = new EmbeddedBench(_disk, _waitingBytes) { Keys = Keys };
        next.Time.Advance(Time.GetUtcNow() - next.Time.GetUtcNow());
        CrashedFolder.Copy(Folder, next.Folder);
        return next;
    }

    /// <summary>The same, as after a crash, with nothing but the files that describe themselves.</summary>
    public Task RebuildAsync() => ReopenAsync(ForgetDatabase);

    /// <summary>Makes the folders that are made when they are first needed, so that each write takes the same steps.</summary>
    public void MakeFolders()
    {
        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(Folder, "objects", i.ToString("x2", CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Takes the database away.</summary>
    public void ForgetDatabase()
    {
        foreach (var path in Directory.EnumerateFiles(Folder, "store.*"))
        {
            File.Delete(path);
        }
    }

    public IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*", SearchOption.AllDirectories);

    public async Task<BufferedResponse> SendAsync(S3Operation operation, string key, S3Body? body = null, string query = "",
        params (string, string)[] headers)
    {
        var response = new BufferedResponse();
        await Service.HandleAsync(Request(operation, key, body, query, headers), response, CancellationToken.None);
        await response.FinishAsync(default);
        return response;
    }

    /// <summary>A body that is a text.</summary>
    public static S3Body TextBody(string text) => new BytesBody(Encoding.UTF8.GetBytes(text));

    public async Task<string> FailAsync(S3Operation operation, string key, S3Body? body = null, string query = "",
        params (string, string)[] headers) =>
        (await Assert.ThrowsAsync<S3Exception>(() => SendAsync(operation, key, body, query, headers))).Error.Code;

    public async Task<string> PutAsync(string key, byte[] bytes, params (string, string)[] headers) =>
        (await SendAsync(S3Operation.PutObject, key, new BytesBody(bytes), "", headers)).Headers.ETag.ToString();

    public async Task<byte[]> GetAsync(string key, string query = "", params (string, string)[] headers) =>
        (await SendAsync(S3Operation.GetObject, key, null, query, headers)).Content.ToArray();

    public Task DeleteAsync(string key) => SendAsync(S3Operation.DeleteObject, key);

    /// <summary>The keys and prefixes of one whole listing.</summary>
    public async Task<List<string>> ListAsync(string query = "") =>
        [.. Names(await SendAsync(S3Operation.ListObjectsV2, "", null, query))];

    public static IEnumerable<string> Names(BufferedResponse response) => Xml(response).Descendants()
        .Where(static element => element.Name.LocalName == "Key"
            || (element.Name.LocalName == "Prefix" && element.Parent!.Name.LocalName == "CommonPrefixes"))
        .Select(static element => element.Value);

    public static XElement Xml(BufferedResponse response) => XElement.Parse(Encoding.UTF8.GetString(response.Content.Span));

    public static string Text(BufferedResponse response, string element) =>
        Xml(response).Descendants().First(e => e.Name.LocalName == element).Value;

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static string Md5(byte[] bytes) => "\"" + Convert.ToHexStringLower(MD5.HashData(bytes)) + "\"";

    /// <summary>Closes the store and keeps its folder.</summary>
    public async Task CloseAsync()
    {
        await (Store?.DisposeAsync() ?? default);
        Store = null!;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    public static S3Request Request(S3Operation operation, string key, S3Body? body, string query,
        params (string Name, string Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers)
        {
            dictionary.Append(name, value);
        }

        return new S3Request
        {
            Operation = operation,
            Method = operation is S3Operation.HeadObject or S3Operation.HeadBucket ? "HEAD" : "GET",
            Bucket = Bucket,
            Key = key,
            Query = S3Query.Parse(query),
            Headers = dictionary,
            Caller = new S3Caller("tester"),
            Body = body ?? S3Body.Empty,
            RequestId = "test",
            Address = new S3Address("http", "localhost:8000", false),
        };
    }

    public async Task StartAsync()
    {
        Store = await EmbeddedStore.OpenAsync(Options());
        Service = new EmbeddedService(Store);
        Layer = new EmbeddedLayerState(Store);
    }
}

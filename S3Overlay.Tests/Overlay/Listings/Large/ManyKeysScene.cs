using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>A whole proxy over <see cref="ManyKeys"/>, and the expected listing.</summary>
public abstract class ManyKeysScene : IAsyncLifetime
{
    /// <summary>The bucket, here and at the remote.</summary>
    public const string Bucket = "many";

    private const string Key = "minioadmin";

    private static readonly RequestSigner Signer = new(new SigningCredentials(Key, Key), "us-east-1");

    private readonly HttpClient _http = new();
    private OverlayHost _proxy = null!;

    public ManyKeysRemote Remote { get; private set; } = null!;

    /// <summary>The visible keys, in the order of their UTF-8 bytes. The dates of written keys are unknown.</summary>
    public IReadOnlyList<KeyValuePair<string, ObjectInfo>> Visible { get; private set; } = [];

    public async Task InitializeAsync()
    {
        Remote = await ManyKeysRemote.StartAsync(ManyKeys.Remote);
        _proxy = await OverlayHost.StartAsync(
            await StartStoreAsync(), Remote.Endpoint, null, ("S3_OVERLAY_DURABLE", "false"));
        foreach (var thousand in ManyKeys.Deleted.Chunk(1000))
        {
            await DeleteAsync(thousand);
        }

        // The first write creates the bucket's local half, or the store's own client does.
        var local = LocalService(_proxy.Services.Service);
        await Parallel.ForEachAsync(ManyKeys.Written, async (key, token) => await local
            .HandleAsync(Request(S3Operation.PutObject, key, Body(key)), new BufferedResponse(), token));
        Visible = Merged();
        Remote.TakeCalls();
    }

    public virtual async Task DisposeAsync()
    {
        _http.Dispose();
        await _proxy.DisposeAsync();
        await Remote.DisposeAsync();
    }

    public async Task<ClientPage> ListAsync(string query)
    {
        using var response = await SendAsync(HttpMethod.Get, query, null);
        await using var body = await response.Content.ReadAsStreamAsync();
        return ClientPage.Read(body);
    }

    /// <summary>Starts the store that is local; null for the built-in one.</summary>
    protected abstract Task<Uri?> StartStoreAsync();

    /// <summary>The service that stores written objects, without a connection.</summary>
    /// <param name="overlay">The proxy's own service.</param>
    protected abstract IS3Service LocalService(IS3Service overlay);

    private static KeyValuePair<string, ObjectInfo>[] Merged()
    {
        var visible = new SortedDictionary<string, ObjectInfo>(Utf8Order.Instance);
        for (var i = 0; i < ManyKeys.Remote.Count; i++)
        {
            visible.Add(ManyKeys.Remote[i], ManyKeysRemote.Info(i));
        }

        foreach (var key in ManyKeys.Deleted)
        {
            visible.Remove(key);
        }

        foreach (var key in ManyKeys.Written)
        {
            var body = Body(key);
            visible[key] = new ObjectInfo { Size = body.Length, ETag = $"\"{Convert.ToHexStringLower(MD5.HashData(body))}\"",
                LastModified = default };
        }

        return [.. visible];
    }

    private static byte[] Body(string key) => Encoding.UTF8.GetBytes("written " + key);

    private async Task DeleteAsync(string[] keys)
    {
        var xml = new S3XmlWriter().Root("Delete").Element("Quiet", true);
        foreach (var key in keys)
        {
            xml.Open("Object").Element("Key", key).Close("Object");
        }

        using var response = await SendAsync(HttpMethod.Post, "delete=", xml.Close("Delete").Content.ToArray());
        Assert.DoesNotContain("<Error>", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string query, byte[]? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(_proxy.Endpoint, $"/{Bucket}?{query}"));
        List<KeyValuePair<string, string>> headers = [];
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            headers.Add(new("x-amz-checksum-sha256", Convert.ToBase64String(SHA256.HashData(body))));
        }

        var signed = Signer.Sign(method.Method, _proxy.Endpoint.Authority, "/" + Bucket, query, headers, SigV4.UnsignedPayload,
            DateTimeOffset.UtcNow);
        foreach (var (name, value) in (IEnumerable<KeyValuePair<string, string>>)[.. signed.Headers, .. headers])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await _http.SendAsync(request);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        return response;
    }

    private static S3Request Request(S3Operation operation, string key, byte[] body) => new()
    {
        Operation = operation,
        Method = "PUT",
        Bucket = Bucket,
        Key = key,
        Query = S3Query.Parse(""),
        Headers = new HeaderDictionary(),
        Caller = new S3Caller(Key),
        Body = new BytesBody(body),
        RequestId = string.Create(CultureInfo.InvariantCulture, $"put {key}"),
        Address = new S3Address("http", "localhost:8000", false),
    };
}

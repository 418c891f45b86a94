using System.Net.Http.Headers;
using System.Text;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>A console with the bucket <c>photos</c>, which the key <c>reader</c> may read, and <c>secrets</c>, which it may not.</summary>
public abstract class BrowseTestBase : ConsoleTestBase
{
    /// <summary>Any text of at most 1,024 bytes is a key.</summary>
    protected static readonly string[] Keys =
    [
        "../up", "a/../b", "..", "./x", "%2e%2e/x", "a//b", "//", "/lead", "tail/", "a b+c&d=e?f#g;h", "line\nbreak\r\n", "tab\there",
        "\u05e9\u05dc\u05d5\u05dd/\u202egpj.exe", "\ud83d\udc69\u200d\ud83d\ude80.png", "'quote\"`$(id)\\", "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>", "{{1}}", new string('k', 1024), new string('\u20ac', 341),
    ];

    /// <summary>The same for theories.</summary>
    public static TheoryData<string> OddKeys => [.. Keys];

    private protected static string Query(string bucket, string key) =>
        $"?bucket={Uri.EscapeDataString(bucket)}&key={Uri.EscapeDataString(key)}";

    private protected static string Download(string bucket, string key) => "/browse/download" + Query(bucket, key);

    private protected static string Upload(string bucket, string key) => "/browse/upload" + Query(bucket, key);

    private protected ProxyGateway GatewayOf(string accessKey = "minioadmin", bool isSecure = false) =>
        new(Proxy.ForConsole, new Caller(accessKey, isSecure));

    /// <summary>Writes an object with a key that only its client has, which needs TLS.</summary>
    private protected async Task SealAsync(string key)
    {
        await using var done = await GatewayOf(isSecure: true).S3Async(
            new("PUT", ProxyQuery.PathOf("photos", key))
            {
                Headers = [.. CustomerKey.Headers().Select(static header => KeyValuePair.Create(header.Name, header.Value))],
                Body = new MemoryStream("secret"u8.ToArray()),
                Length = 6,
            },
            CancellationToken.None);
    }

    private protected async Task PutAsync(string key, byte[] content, string type = "text/plain", string bucket = "photos")
    {
        Assert.Contains((await Proxy.SendAsync("PUT", "/" + bucket)).Status, (int[])[200, 409]);
        await using var done = await GatewayOf().S3Async(
            new("PUT", ProxyQuery.PathOf(bucket, key))
            {
                Headers = [new("Content-Type", type)],
                Body = new MemoryStream(content),
                Length = content.Length,
            },
            CancellationToken.None);
    }

    private protected Task PutAsync(string key, string content, string type = "text/plain", string bucket = "photos") =>
        PutAsync(key, Encoding.UTF8.GetBytes(content), type, bucket);

    /// <summary>Uploads as the page does: with the token of its form.</summary>
    private protected static async Task<HttpResponseMessage> UploadAsync(
        ConsoleClient client, string target, HttpContent content, string? type = "text/plain")
    {
        var token = ConsoleClient.TokenOf(await client.PageAsync("/browse"));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return await client.SendAsync(HttpMethod.Put, target, content, ("RequestVerificationToken", token));
    }

    private protected static Task<HttpResponseMessage> UploadAsync(ConsoleClient client, string target, string content) =>
        UploadAsync(client, target, new ByteArrayContent(Encoding.UTF8.GetBytes(content)));

    private sealed record Caller(string AccessKey, bool IsSecure) : ICaller
    {
        public Task<ProxyCaller> CallerAsync() => Task.FromResult(new ProxyCaller(AccessKey, null, IsSecure));

        public Task EndAsync() => Task.CompletedTask;
    }
}

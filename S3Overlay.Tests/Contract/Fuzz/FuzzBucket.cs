using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>A bucket with versions, locks, an object <c>k</c>, and an upload of <c>multi</c> with one part.</summary>
internal sealed class FuzzBucket
{
    private static readonly byte[] Content = "one"u8.ToArray();

    private readonly SignedHttp _http;
    private readonly string _name;
    private string _version = "";
    private string _upload = "";

    private FuzzBucket(SignedHttp http, string name) => (_http, _name) = (http, name);

    public static async Task<FuzzBucket> MakeAsync(FuzzFixture fixture)
    {
        var bucket = new FuzzBucket(new SignedHttp(fixture.Proxy.Endpoint), fixture.NewName());
        await bucket.MustAsync("PUT", "/BUCKET", null, ("x-amz-bucket-object-lock-enabled", "true"));
        bucket._version = (await bucket.MustAsync("PUT", "/BUCKET/k", Content)).Headers["x-amz-version-id"];
        bucket._upload = (await bucket.MustAsync("POST", "/BUCKET/multi?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        await bucket.MustAsync("PUT", "/BUCKET/multi?partNumber=1&uploadId=UPLOAD", Content);
        return bucket;
    }

    /// <summary>
    /// Replaces <c>BUCKET</c>, <c>VERSION</c> and <c>ETAG</c> (of <c>k</c>), <c>UPLOAD</c>, and <c>OWNER</c>, the bucket owner's id.
    /// </summary>
    public string Fill(string text) => text.Replace("BUCKET", _name, StringComparison.Ordinal)
        .Replace("VERSION", _version, StringComparison.Ordinal).Replace("UPLOAD", _upload, StringComparison.Ordinal)
        .Replace("ETAG", Convert.ToHexStringLower(MD5.HashData(Content)), StringComparison.Ordinal)
        .Replace("OWNER", Account.Default.Id, StringComparison.Ordinal);

    /// <summary>Sends a request as it is.</summary>
    public Task<RawResponse> SendAsync(SeedRequest seed) => SendAsync(seed.Method, Fill(seed.Target), BodyOf(seed), HeadersOf(seed));

    /// <summary>Sends a damaged request.</summary>
    /// <returns>The response, and the request for messages.</returns>
    public async Task<(RawResponse Response, string Request)> SendAsync(SeedRequest seed, Mutator mutator)
    {
        var (target, body, headers) = (Fill(seed.Target), BodyOf(seed), HeadersOf(seed));
        var at = body is null || headers.Length == 0 ? 0 : mutator.Chance(2) ? 1 : 0;
        if (body is { Length: > 1 } && at == 0)
        {
            body = mutator.Mutate(body);
        }
        else if (headers.Length > 0 && (!target.Contains('?', StringComparison.Ordinal) || mutator.Chance(2)))
        {
            headers = [.. headers.Select(header =>
                mutator.Chance(headers.Length) ? (header.Name, mutator.MutateValue(header.Value)) : header)];
        }
        else
        {
            var mark = target.IndexOf('?', StringComparison.Ordinal);
            target = target[..(mark + 1)] + string.Join('&', target[(mark + 1)..].Split('&').Select(pair =>
                pair.Split('=') is [var name, var value] && mutator.Chance(2) ? name + "=" + Escaped(mutator.MutateValue(value)) : pair));
        }

        var request = $"{seed.Method} {target} {string.Join(", ", headers)} {body?.Length} bytes: "
            + Convert.ToBase64String(body is { Length: > 3000 } ? body[..3000] : body ?? []);
        return (await SendAsync(seed.Method, target, body, headers), request);
    }

    /// <summary>Sends a request.</summary>
    public Task<RawResponse> SendAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        target = Fill(target);
        (string, string)[] all = target.EndsWith("?delete", StringComparison.Ordinal)
            ? [.. headers, ("Content-MD5", Convert.ToBase64String(MD5.HashData(body ?? [])))] : headers;
        return method == "OPTIONS" ? _http.SendUnsignedAsync(method, target, body, all) : _http.SendAsync(method, target, body, all);
    }

    private async Task<RawResponse> MustAsync(string method, string target, byte[]? body = null, params (string, string)[] headers)
    {
        var response = await SendAsync(method, target, body, headers);
        Assert.True(response.Status == 200, $"{method} {target}: {response.Status} {response.Text}");
        return response;
    }

    private byte[]? BodyOf(SeedRequest seed) => seed.Body is null ? null : Encoding.UTF8.GetBytes(Fill(seed.Body));

    private (string Name, string Value)[] HeadersOf(SeedRequest seed) =>
        [.. seed.Headers.Select(header => (header.Name, Fill(header.Value)))];

    /// <summary>As a client sends it; now and then not.</summary>
    private static string Escaped(string value) => value.Contains('%', StringComparison.Ordinal)
        ? value.Replace(" ", "", StringComparison.Ordinal) : Uri.EscapeDataString(value);
}

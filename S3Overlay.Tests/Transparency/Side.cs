using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Transparency;

/// <summary>One of the two servers that get the same requests, each with a fresh bucket. All responses are recorded.</summary>
public sealed class Side
{
    private readonly List<Exchange> _exchanges = [];
    private readonly List<(string Value, string Name)> _learnt = [];

    /// <summary>A side that has a bucket of this name.</summary>
    public Side(StoreAccess access, string bucket)
    {
        (Access, Bucket) = (access, bucket);
        Http = new SignedHttp(access.Endpoint, access.AccessKey, access.SecretKey);
    }

    public StoreAccess Access { get; }

    public string Bucket { get; }

    /// <summary>Whether the server is the proxy.</summary>
    public bool IsProxy { get; init; }

    /// <summary>All requests.</summary>
    public IReadOnlyList<Exchange> Exchanges => _exchanges;

    /// <summary>Values that the server made up (an upload's id), and what they are compared as.</summary>
    public IReadOnlyList<(string Value, string Name)> Learnt => _learnt;

    private SignedHttp Http { get; }

    /// <summary>Sends a signed request. <c>BUCKET</c> is replaced by the side's bucket.</summary>
    public Task<RawResponse> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(Depth.All, method, target, body is null ? null : Encoding.UTF8
            .GetBytes(body.Replace("BUCKET", Bucket, StringComparison.Ordinal)), headers);

    /// <summary>Sends a signed request and records the given part of the response.</summary>
    public async Task<RawResponse> SendAsync(Depth depth, string method, string target, byte[]? body,
        params (string Name, string Value)[] headers) =>
        Keep(Label(method, target, headers), await Http.SendAsync(method, Own(target), body
            ?? (method is "PUT" or "POST" ? [] : null), Own(headers)), depth);

    /// <summary>Sends a signed request that has no body, and does not say so either.</summary>
    public async Task<RawResponse> SendWithoutLengthAsync(string method, string target) =>
        Keep("without length " + Label(method, target, []), await Http.SendAsync(method, Own(target), null), Depth.All);

    /// <summary>Sends a request without signing it. It may be unsigned, or already signed in its query or by hand.</summary>
    public async Task<RawResponse> SendUnsignedAsync(Depth depth, string method, string target, byte[]? body,
        params (string Name, string Value)[] headers) =>
        Keep("unsigned " + Label(method, target, headers), await Http.SendUnsignedAsync(method, Own(target), body, Own(headers)), depth);

    /// <summary>Sends what a link allows.</summary>
    public async Task<RawResponse> SendPresignedAsync(Depth depth, string method, string target, byte[]? body, TimeSpan age, Func<string,
        string>? spoil = null, params (string Name, string Value)[] headers)
    {
        var own = Own(target);
        var mark = own.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (own, "") : (own[..mark], own[(mark + 1)..]);
        var signed = headers.Where(header => header.Name.StartsWith("x-amz-", StringComparison.Ordinal))
            .Select(header => KeyValuePair.Create(header.Name, header.Value));
        var link = path + "?" + Signer.Presign(method, Http.Host, path, query, signed, DateTimeOffset.UtcNow - age,
            TimeSpan.FromMinutes(5));
        return Keep($"presigned {Label(method, target, headers)}", await Http
            .SendUnsignedAsync(method, spoil?.Invoke(link) ?? link, body, headers), depth);
    }

    /// <summary>Sends a request signed with version 2, in its query.</summary>
    /// <param name="depth">How much of the response counts.</param>
    /// <param name="end">When it expires, in seconds since 1970. Null for one hour. Not all stores accept links for longer than a
    /// week.</param>
    public async Task<RawResponse> SendVersion2Async(Depth depth, string method, string target, string? end = null)
    {
        var expires = end ?? DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var own = Own(target);
        var signature = Convert.ToBase64String(
            HMACSHA1.HashData(Encoding.UTF8.GetBytes(Access.SecretKey), Encoding.UTF8.GetBytes($"{method}\n\n\n{expires}\n{own}")));
        var link =
            $"{own}{(own.Contains('?', StringComparison.Ordinal) ? '&' : '?')}AWSAccessKeyId={Access.AccessKey}&Expires={expires}"
            + $"&Signature={Uri.EscapeDataString(signature)}";
        return Keep($"version 2 {Label(method, target, [])}", await Http.SendUnsignedAsync(method, link, null), depth);
    }

    /// <summary>Sends a body in signed chunks.</summary>
    public async Task<RawResponse> SendChunksAsync(Depth depth, string target, byte[][] chunks, string seal,
        params (string Name, string Value)[] headers)
    {
        var now = DateTimeOffset.UtcNow;
        var own = Own(target);
        (string Name, string Value)[] all = [("x-amz-decoded-content-length",
            chunks.Sum(chunk => chunk.Length).ToString(CultureInfo.InvariantCulture)), ("Content-Encoding", "aws-chunked"), .. headers];
        var signed = all.Where(header => header.Name.StartsWith("x-amz-", StringComparison.Ordinal))
            .Select(header => KeyValuePair.Create(header.Name, header.Value));
        var request = Signer.Sign("PUT", Http.Host, own, "", signed, SigV4.StreamingPayload, now);
        var time = request.Headers.First(header => header.Key == "x-amz-date").Value;
        var chain = new ChunkSignatures(Signer.KeyAt(now), time, $"{time.AsSpan(0, 8)}/us-east-1/s3/aws4_request", request.Signature);
        using var body = new MemoryStream();
        var signature = new byte[32];
        foreach (var chunk in chunks.Append([]))
        {
            chain.NextChunk(SHA256.HashData(chunk), signature);
            var hex = seal.Length > 0 ? seal : Convert.ToHexStringLower(signature);
            body.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x};chunk-signature={hex}\r\n"));
            body.Write(chunk);
            body.Write("\r\n"u8);
        }

        return Keep("in chunks " + Label("PUT", target, headers), await Http.SendUnsignedAsync(
            "PUT", own, body.ToArray(), [.. all, .. request.Headers.Select(header => (header.Key, header.Value))]), depth);
    }

    /// <summary>Sends a body as current SDKs do: in unsigned frames, with a trailing checksum.</summary>
    public Task<RawResponse> SendFramesAsync(Depth depth, string target, byte[] body)
    {
        var checksum = S3Overlay.Proxy.Protocol.Bodies.ChecksumHasher.Compute(
            S3Overlay.Proxy.Protocol.Bodies.ChecksumAlgorithm.Crc32, body).Value;
        return SendAsync(
            depth,
            "PUT",
            target,
            [.. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body,
                .. Encoding.ASCII.GetBytes($"\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n")],
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-sdk-checksum-algorithm", "CRC32"),
            ("x-amz-decoded-content-length", body.Length.ToString(CultureInfo.InvariantCulture)),
            ("Content-Encoding", "aws-chunked"));
    }

    public async Task<RawResponse> SendFormAsync(Depth depth, string name, Func<UploadForm, UploadForm> fill) =>
        Keep("form: " + name, await fill(new UploadForm(Access.AccessKey, Access.SecretKey)).SendAsync(Http, "/" + Bucket), depth);

    /// <summary>Removes a generated value from a response, so that the other side's counts as equal.</summary>
    public string Learn(RawResponse from, string element, string name)
    {
        var start = from.Text.IndexOf($"<{element}>", StringComparison.Ordinal);
        var end = from.Text.IndexOf($"</{element}>", StringComparison.Ordinal);
        return start < 0 || end < start ? "none" : Learn(from.Text[(start + element.Length + 2)..end], name);
    }

    /// <summary>The same of a header.</summary>
    public string LearnHeader(RawResponse from, string header, string name) =>
        from.Headers.TryGetValue(header, out var value) ? Learn(value, name) : "none";

    private RequestSigner Signer => new(new SigningCredentials(Access.AccessKey, Access.SecretKey), "us-east-1");

    private string Learn(string value, string name)
    {
        if (value.Length > 4)
        {
            _learnt.Add((value, name));
        }

        return value;
    }

    private RawResponse Keep(string label, RawResponse response, Depth depth)
    {
        while (response.Status is >= 100 and < 200)
        {
            response = RawResponse.Parse(response.Body);
        }

        foreach (var (value, name) in _learnt)
        {
            label = label.Replace(value, name, StringComparison.Ordinal);
        }

        _exchanges.Add(new Exchange(label, response, depth));
        return response;
    }

    private string Own(string text) => text.Replace("BUCKET", Bucket, StringComparison.Ordinal);

    private (string Name, string Value)[] Own((string Name, string Value)[] headers) =>
        [.. headers.Select(header => (header.Name, Own(header.Value)))];

    private static string Label(string method, string target, (string Name, string Value)[] headers)
    {
        var shown = headers.Where(header => header.Name != "Date").Select(header => $"{header.Name}: {header.Value}");
        var text = $"{method} {target} {string.Join(", ", shown)}".TrimEnd();
        return text.Length <= 200 ? text : text[..200];
    }
}

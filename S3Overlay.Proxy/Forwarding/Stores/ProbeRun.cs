using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// Tries on objects of its own what a store can do. An answer that refuses means no; a store that gives no answer, or is overloaded, ends the run: what it can
/// do is not known then.
/// </summary>
internal sealed class ProbeRun(StoreCalls calls, CacheBucket cache)
{
    private const string WrongETag = "\"00000000000000000000000000000000\"";

    private const string WrongChecksum = "AAAAAA==";

    private const int LongestAnswer = 16 << 10;

    private static readonly byte[] Content = "tried by s3overlay"u8.ToArray();

    /// <summary>Two proxies may try at the same time.</summary>
    private readonly string _folder = $"p/{Guid.NewGuid():n}/";

    /// <summary>Whether the store let anything be put there.</summary>
    public bool HasBegun { get; private set; }

    private string First => _folder + "first";

    private string Second => _folder + "second";

    private string Framed => _folder + "framed";

    private string Named => _folder + "named";

    private string New => _folder + "new";

    private string Well => _folder + "well";

    /// <summary>Tries everything.</summary>
    /// <exception cref="S3Exception">The store cannot be asked.</exception>
    public async Task<StoreCapabilities> AskAsync(CancellationToken cancellationToken)
    {
        await cache.PutAsync(First, WireBody.Of(Content), cancellationToken);
        HasBegun = true;
        await cache.PutAsync(Second, WireBody.Of(Content), cancellationToken);
        var etag = await ETagAsync(cancellationToken);
        var takesTrailers = await TakesFramesAsync(isNamed: false, cancellationToken);
        var takesNamed = !takesTrailers && await TakesFramesAsync(isNamed: true, cancellationToken);
        return new StoreCapabilities
        {
            HasPlainETags = ETags.Same(etag, Convert.ToHexStringLower(MD5.HashData(Content))),
            TakesTrailers = takesTrailers || takesNamed,
            NeedsChunkedEncoding = takesNamed,
            PutsIfNew = await RefusesAsync(PutAsync(First, "If-None-Match", "*", cancellationToken))
                && await TakesNewAsync(cancellationToken),
            PutsIfMatch = await RefusesAsync(PutAsync(First, "If-Match", WrongETag, cancellationToken))
                && await TakesAsync(PutAsync(First, "If-Match", etag, cancellationToken)),
            CompletesIf = await CompletesIfAsync(cancellationToken),
            CopiesIf = await RefusesAsync(CopyAsync("If-None-Match", "*", cancellationToken)) && await RefusesAsync(CopyAsync("If-Match", WrongETag, cancellationToken)),
            ChecksChecksums = (await PutSummedAsync(Checksum(), cancellationToken)) is { Status: < 300 }
                && (await PutSummedAsync(WrongChecksum, cancellationToken)) is { Status: 400 }
                && (await PutSummedAsync("none", cancellationToken)) is { Status: 400 },
            HasVersions = await TakesAsync(SendAsync(new("GET", cache.Name, "", "versioning", []), cancellationToken)),
            TakesNullVersion = await SendAsync(new("GET", cache.Name, Second, "versionId=null", []), cancellationToken) is not { Status: 400 },
            HasAttributes = await SendAsync(
                new("GET", cache.Name, Second, "attributes", [new("x-amz-object-attributes", "ETag,ObjectSize")]), cancellationToken) is var attributes
                && (attributes.Status == 403
                    || (attributes.Status == 200 && attributes.Text("ObjectSize") == Content.Length.ToString(CultureInfo.InvariantCulture))),

            // Last: a store that does not know the condition deletes the object.
            DeletesIfMatch = await RefusesAsync(DeleteAsync(WrongETag, cancellationToken))
                && await calls.ExistsAsync(cache.Name, First, cancellationToken)
                && await DeletesAsync(cancellationToken),
        };
    }

    /// <summary>Takes away what was put there. What cannot be taken away is a few bytes.</summary>
    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var name in (string[])[First, Second, Framed, Named, New, Well])
            {
                await calls.DeleteAsync(cache.Name, name, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is S3Exception or OperationCanceledException)
        {
            // The run has said why, or will be made again.
        }
    }

    private static async Task<bool> TakesAsync(Task<ProbeAnswer> answer) => (await answer) is { Status: < 300, Code: "" };

    /// <summary>Whether the condition was seen not to hold. Completes and copies may say so within a 200.</summary>
    private static async Task<bool> RefusesAsync(Task<ProbeAnswer> answer) => (await answer) is { Status: 409 or 412 } or { Status: 200, Code: "PreconditionFailed" };

    /// <summary>Whether a new name is taken. One that is there was written by this run, whose answer may have been lost.</summary>
    private async Task<bool> TakesNewAsync(CancellationToken cancellationToken) =>
        await TakesAsync(PutAsync(New, "If-None-Match", "*", cancellationToken)) || await calls.ExistsAsync(cache.Name, New, cancellationToken);

    /// <summary>Whether the right ETag is taken. What is gone this run deleted, whose answer may have been lost.</summary>
    private async Task<bool> DeletesAsync(CancellationToken cancellationToken) =>
        await TakesAsync(DeleteAsync(await ETagAsync(cancellationToken), cancellationToken)) || !await calls.ExistsAsync(cache.Name, First, cancellationToken);

    private Task<ProbeAnswer> PutAsync(string name, string header, string value, CancellationToken cancellationToken) =>
        SendAsync(new WireRequest("PUT", cache.Name, name, "", [new(header, value)]) { Body = WireBody.Of(Content) }, cancellationToken);

    private Task<ProbeAnswer> CopyAsync(string header, string value, CancellationToken cancellationToken) =>
        SendAsync(new WireRequest("PUT", cache.Name, First, "", [new("x-amz-copy-source", $"/{cache.Name}/{Second}"), new(header, value)]), cancellationToken);

    private Task<ProbeAnswer> DeleteAsync(string etag, CancellationToken cancellationToken) =>
        SendAsync(new WireRequest("DELETE", cache.Name, First, "", [new("If-Match", etag)]), cancellationToken);

    private async Task<string> ETagAsync(CancellationToken cancellationToken)
    {
        using var answer = await calls.SendAsync(new WireRequest("HEAD", cache.Name, First, "", []), cancellationToken);
        return answer.Header("ETag") ?? throw new S3Exception(S3Errors.ServiceUnavailable, $"The local store answered HEAD of an object just written with {answer.Status}.");
    }

    private async Task<bool> CompletesIfAsync(CancellationToken cancellationToken)
    {
        var started = await SendAsync(new WireRequest("POST", cache.Name, First, "uploads=", []), cancellationToken);
        if (started.Text("UploadId") is not { Length: > 0 } id)
        {
            return false;
        }

        var upload = "uploadId=" + UriEncoding.EncodeComponent(id);
        var part = await SendAsync(new WireRequest("PUT", cache.Name, First, "partNumber=1&" + upload, []) { Body = WireBody.Of(Content) }, cancellationToken);
        var body = WireBody.Of(Encoding.UTF8.GetBytes(
            $"<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>{part.ETag}</ETag></Part></CompleteMultipartUpload>"));
        Task<ProbeAnswer> CompleteAsync(string header, string value) =>
            SendAsync(new WireRequest("POST", cache.Name, First, upload, [new(header, value)]) { Body = body }, cancellationToken);
        var can = await RefusesAsync(CompleteAsync("If-None-Match", "*")) && await RefusesAsync(CompleteAsync("If-Match", WrongETag));
        await SendAsync(new WireRequest("DELETE", cache.Name, First, upload, []), cancellationToken);
        return can;
    }

    private Task<ProbeAnswer> PutSummedAsync(string checksum, CancellationToken cancellationToken) =>
        SendAsync(
            new WireRequest("PUT", cache.Name, Second, "", [new("x-amz-sdk-checksum-algorithm", "CRC32"), new("x-amz-checksum-crc32", checksum)]) { Body = WireBody.Of(Content) },
            cancellationToken);

    /// <summary>Whether what today's SDKs send unless told otherwise is taken, and comes back as if it had never been in frames.</summary>
    private async Task<bool> TakesFramesAsync(bool isNamed, CancellationToken cancellationToken)
    {
        var name = isNamed ? Named : Framed;
        if (!await TakesAsync(PutFramedAsync(name, isNamed, cancellationToken)))
        {
            return false;
        }

        var kept = await SendAsync(new WireRequest("GET", cache.Name, name, "", []), cancellationToken);
        return !kept.Encoding.Contains("aws-chunked", StringComparison.OrdinalIgnoreCase) && kept.Body.AsSpan().SequenceEqual(Content);
    }

    private Task<ProbeAnswer> PutFramedAsync(string name, bool isNamed, CancellationToken cancellationToken)
    {
        var body = WireBody.Of(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{Content.Length:x}\r\n{Encoding.ASCII.GetString(Content)}\r\n0\r\nx-amz-checksum-crc32:{Checksum()}\r\n\r\n")));
        KeyValuePair<string, string>[] headers =
        [
            new("x-amz-decoded-content-length", Content.Length.ToString(CultureInfo.InvariantCulture)),
            new("x-amz-trailer", "x-amz-checksum-crc32"),
            new("x-amz-sdk-checksum-algorithm", "CRC32"),
            .. isNamed ? [new("Content-Encoding", "aws-chunked")] : Array.Empty<KeyValuePair<string, string>>(),
        ];
        return SendAsync(new WireRequest("PUT", cache.Name, name, "", headers) { Body = body with { Sha256 = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" } }, cancellationToken);
    }

    private static string Checksum() => ChecksumHasher.Compute(ChecksumAlgorithm.Crc32, Content).Value;

    /// <summary>Asks. 500 is an answer to what was asked only where the store takes what is no question at all, and stays with it.</summary>
    private async Task<ProbeAnswer> SendAsync(WireRequest request, CancellationToken cancellationToken)
    {
        var answer = await SendOnceAsync(request, cancellationToken);
        if (answer.Status != 500)
        {
            return answer;
        }

        await cache.PutAsync(Well, WireBody.Of(Content), cancellationToken);
        return await SendOnceAsync(request, cancellationToken);
    }

    private async Task<ProbeAnswer> SendOnceAsync(WireRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await calls.SendAsync(request, cancellationToken);
            return new ProbeAnswer(
                answer.Status, answer.Header("ETag") ?? "", answer.Header("Content-Encoding") ?? "", await calls.ReadAsync(answer, LongestAnswer, cancellationToken));
        }
        catch (S3Exception failure) when (failure.InnerException is RemoteException { Status: 500 or 501 or 505 } refused)
        {
            return new ProbeAnswer(refused.Status, "", "", []);
        }
    }

    /// <summary>What came of one attempt.</summary>
    private sealed record ProbeAnswer(int Status, string ETag, string Encoding, byte[] Body)
    {
        /// <summary>The code of the error document, also of one that came with a 200; else the empty string.</summary>
        public string Code => Root() is { Name.LocalName: "Error" } error ? error.Elements().FirstOrDefault(e => e.Name.LocalName == "Code")?.Value ?? "?" : "";

        /// <summary>The text of an element of the document; null where there is none.</summary>
        public string? Text(string element) => Root()?.Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value;

        private XElement? Root()
        {
            try
            {
                using var reader = XmlReader.Create(new MemoryStream(Body), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
                return XElement.Load(reader);
            }
            catch (XmlException)
            {
                return null;
            }
        }
    }
}

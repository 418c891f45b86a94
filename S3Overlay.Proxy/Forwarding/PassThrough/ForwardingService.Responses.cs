using System.IO.Compression;
using System.Net;
using System.Xml;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <content>What becomes of the store's responses.</content>
internal sealed partial class ForwardingService
{
    /// <summary>Sends the store's response to the client.</summary>
    internal async Task AnswerAsync(S3Request request, HttpResponseMessage response, S3Response answer, SilenceTimeout patience)
    {
        answer.Status = (int)response.StatusCode;
        ResponseHeaders.Copy(response, answer, request, settings.Endpoint.Address);
        if (request.IsHead || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return;
        }

        try
        {
            patience.Limit(settings.StallTimeout);
            await using var source = await response.Content.ReadAsStreamAsync(patience.Token);
            if (request.Operation == S3Operation.CompleteMultipartUpload && response.StatusCode == HttpStatusCode.OK
                && CodingOf(response) is null)
            {
                patience.Limit(settings.LongAnswerTimeout);
                await CompletedUploads.SendAsync(source, request, answer, patience.Token);
                return;
            }

            await ResponseBody.SendAsync(source, answer, settings, patience);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or InvalidDataException or OperationCanceledException
            && !patience.Client.IsCancellationRequested)
        {
            if (!answer.HasStarted)
            {
                throw _connection.Unavailable("its response ended early", failure);
            }

            // The response cannot be completed, and must not look complete. Bytes that arrived are sent: clients resume from there.
            Log.LocalResponseCut(logger, request.RequestId, failure.Message);
            var sending = (Task)answer.FlushAsync(patience.Client).AsTask();
            await sending.WaitAsync(settings.StallTimeout, time, patience.Client).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            answer.Abort();
        }
    }

    /// <summary>
    /// The error code of the store's response; null if its document has none. The document stays buffered for the client.
    /// </summary>
    /// <exception cref="S3Exception">ServiceUnavailable where the store breaks off within it, or stops.</exception>
    internal async Task<string?> CodeAsync(HttpResponseMessage response, SilenceTimeout patience) =>
        (await ErrorAsync(response, patience))?.ChildText("Code");

    /// <summary>The store's error document; null if it cannot be read.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable where the store breaks off within it, or stops.</exception>
    internal async Task<XElement?> ErrorAsync(HttpResponseMessage response, SilenceTimeout patience)
    {
        try
        {
            patience.Limit(settings.StallTimeout);
            await response.Content.LoadIntoBufferAsync(LongestError, patience.Token);
            var document = await response.Content.ReadAsByteArrayAsync(patience.Token);
            return S3XmlReader.Parse(await DecodeAsync(document, CodingOf(response), LongestError, patience.Token));
        }
        catch (Exception unreadable) when (unreadable is XmlException or InvalidDataException)
        {
            return null;
        }
        catch (Exception broken)
            when (broken is IOException or HttpRequestException or OperationCanceledException && !patience.Client.IsCancellationRequested)
        {
            throw _connection.Unavailable("its response ended early", broken);
        }
    }

    /// <summary>The content encoding of a response; null for none.</summary>
    private static string? CodingOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var coding)
            && coding.ToString() is { Length: > 0 } one and not "identity" ? one : null;

    /// <summary>
    /// Decodes a document that the store compressed because the client accepts that. MinIO does so from 1000 bytes on. Unchanged if it has
    /// no encoding or an unknown one.
    /// </summary>
    /// <param name="limit">The most bytes to decode.</param>
    /// <exception cref="InvalidDataException">The document does not match its Content-Encoding.</exception>
    private static async ValueTask<byte[]> DecodeAsync(byte[] document, string? coding, int limit, CancellationToken cancellationToken)
    {
        var compressed = new MemoryStream(document);
        await using Stream? stream = coding?.Trim().ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(compressed, CompressionMode.Decompress),
            "deflate" => new ZLibStream(compressed, CompressionMode.Decompress),
            "br" => new BrotliStream(compressed, CompressionMode.Decompress),
            _ => null,
        };
        if (stream is null)
        {
            return document;
        }

        try
        {
            var decoded = new byte[limit];
            return decoded[..await stream.ReadAtLeastAsync(decoded, limit, throwOnEndOfStream: false, cancellationToken)];
        }
        catch (InvalidOperationException broken)
        {
            // Brotli reports corrupt data this way.
            throw new InvalidDataException(broken.Message, broken);
        }
    }
}

using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>One saved change, written or deleted as a client would: in the parts it was written in.</summary>
/// <remarks>
/// Parts come one after the other from one stream. The whole object is verified before the upload is completed. If anything fails, the
/// upload is aborted and the key is as it was.
/// </remarks>
/// <param name="overlay">Serves clients' requests.</param>
/// <param name="change">The change.</param>
/// <param name="replaces">True to replace what was written or deleted here since.</param>
/// <param name="largestPut">The largest object that one PUT writes.</param>
internal sealed class ImportedWrite(IS3Service overlay, SavedVersion change, bool replaces, long largestPut)
{
    private const string UploadId = "uploadId";

    /// <summary>Writes or deletes the key.</summary>
    /// <param name="bytes">The object's bytes, whose end proves that they are as saved.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="S3Exception">It was refused, with status 409 or 412 if the key was changed since.</exception>
    public async Task SendAsync(S3Body bytes, CancellationToken cancellationToken)
    {
        if (change.IsDelete)
        {
            await SendAsync(Final(Request(S3Operation.DeleteObject, "DELETE", "", bytes)), cancellationToken);
        }
        else if (change.Parts is null && change.Size <= largestPut)
        {
            var put = Final(Request(S3Operation.PutObject, "PUT", "", bytes, change.Headers));
            await SendAsync(change.CopiedUp is { } date ? Kept(put, date) : put, cancellationToken);
        }
        else
        {
            await SendPartsAsync(bytes, change.Parts ?? Cut(), cancellationToken);
        }
    }

    private async Task SendPartsAsync(S3Body bytes, IReadOnlyList<long> sizes, CancellationToken cancellationToken)
    {
        var id = await BeginAsync(cancellationToken);
        try
        {
            var document = new S3XmlWriter().Root("CompleteMultipartUpload");
            for (var number = 1; number <= sizes.Count; number++)
            {
                await SendPartAsync(bytes, number, sizes[number - 1], id, document, cancellationToken);
            }

            if (await bytes.ReadAsync(new byte[1], cancellationToken) > 0)
            {
                throw new S3Exception(S3Errors.InvalidArgument, "The parts are shorter than the object.");
            }

            var body = ReadBody.Of(document.Close("CompleteMultipartUpload").Content.ToArray());
            await SendAsync(
                Final(Request(S3Operation.CompleteMultipartUpload, "POST", $"{UploadId}={UriEncoding.EncodeComponent(id)}", body)),
                cancellationToken);
        }
        catch
        {
            await AbortAsync(id);
            throw;
        }
    }

    private async Task<string> BeginAsync(CancellationToken cancellationToken)
    {
        var begin = Request(S3Operation.CreateMultipartUpload, "POST", "uploads", S3Body.Empty, change.Headers);
        if (change.Checksum is { } checksum)
        {
            begin = begin.With("x-amz-checksum-algorithm", ChecksumNames.Name(checksum.Algorithm));
            begin = change.ChecksumType is { } type ? begin.With("x-amz-checksum-type", type) : begin;
        }

        var response = await SendAsync(new OverlaidWrite(begin) { Base = change.Base, RestoresBase = true }, cancellationToken);
        return S3XmlReader.Parse(response.Content).ChildText("UploadId")
            ?? throw new S3Exception(S3Errors.ServiceUnavailable, "The local store began no upload.");
    }

    private async Task SendPartAsync(
        S3Body bytes, int number, long size, string id, S3XmlWriter document, CancellationToken cancellationToken)
    {
        S3Body body = new PartOfBody(bytes, size);
        await using var summed = change.Checksum is { } wanted ? new SummedBody(body, wanted.Algorithm, leavesOpen: true) : null;
        var query = string.Create(CultureInfo.InvariantCulture, $"partNumber={number}&{UploadId}={UriEncoding.EncodeComponent(id)}");
        var put = new OverlayPut(Request(S3Operation.UploadPart, "PUT", query, summed ?? body)) { MayLoseChecksum = true };
        var response = await SendAsync(put, cancellationToken);
        document.Open("Part").Element("PartNumber", number).Element("ETag", response.Headers.ETag.ToString());
        if (summed?.Checksum is { } checksum)
        {
            document.Element(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
        }

        document.Close("Part");
    }

    private async Task AbortAsync(string id)
    {
        try
        {
            await SendAsync(
                Request(S3Operation.AbortMultipartUpload, "DELETE", $"{UploadId}={UriEncoding.EncodeComponent(id)}", S3Body.Empty),
                CancellationToken.None);
        }
        catch (S3Exception)
        {
            // The first failure counts. A revert of the key aborts it too.
        }
    }

    /// <summary>The request that changes the key: with its base, and only while the key is unchanged.</summary>
    private OverlaidWrite Final(S3Request request) =>
        new(request) { Base = change.Base, RestoresBase = true, OnlyUnchanged = !replaces };

    private OverlayPut Kept(OverlaidWrite put, DateTimeOffset date) => new(put)
    {
        Base = put.Base,
        RestoresBase = put.RestoresBase,
        OnlyUnchanged = put.OnlyUnchanged,
        KeepsTags = true,
        CopiedUp = new ObjectInfo { Size = change.Size, ETag = change.ETag, LastModified = date },
    };

    /// <summary>Equal parts of an object that is too large for one PUT, in whole MiB.</summary>
    private List<long> Cut()
    {
        var count = (change.Size + largestPut - 1) / largestPut;
        var each = ((((change.Size + count - 1) / count) - 1 >> 20) + 1) << 20;
        var sizes = new List<long>();
        for (var left = change.Size; left > 0; left -= each)
        {
            sizes.Add(Math.Min(each, left));
        }

        return sizes;
    }

    private S3Request Request(S3Operation operation, string method, string query, S3Body body, IHeaderDictionary? headers = null)
    {
        var request = S3Request.OfOverlay("import", operation, method, change.Bucket, change.Key, query) with { Body = body };
        request = headers is null ? request : request with { Headers = headers };
        return request.With("Content-Length", (body.Length ?? 0).ToString(CultureInfo.InvariantCulture));
    }

    /// <exception cref="S3Exception">It was refused.</exception>
    private async Task<BufferedResponse> SendAsync(S3Request request, CancellationToken cancellationToken)
    {
        var response = new BufferedResponse();
        await overlay.HandleAsync(request, response, cancellationToken);
        var status = await ErrorsInOkResponse.StatusOfAsync(response, cancellationToken);
        var error = await response.ErrorAsync(cancellationToken);
        return response.IsCut || status >= StatusCodes.Status300MultipleChoices || error is not null
            ? throw new S3Exception((error ?? S3Errors.ServiceUnavailable) with
            {
                Status = status >= StatusCodes.Status300MultipleChoices ? status : StatusCodes.Status503ServiceUnavailable,
            })
            : response;
    }

    /// <summary>The next bytes of a body.</summary>
    private sealed class PartOfBody(S3Body bytes, long size) : S3Body
    {
        private long _left = size;

        public override long? Length { get; } = size;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_left == 0)
            {
                return 0;
            }

            var read = await bytes.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= read;
            return read > 0 ? read : throw new S3Exception(S3Errors.IncompleteBody);
        }
    }
}

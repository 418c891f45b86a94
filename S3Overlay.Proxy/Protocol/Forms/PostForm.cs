using System.Text;
using System.Text.Unicode;

using Microsoft.Net.Http.Headers;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>A form, read up to the first byte of its file.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html</remarks>
internal sealed class PostForm : IDisposable
{
    /// <summary>The most bytes before the file: 20 KiB, as in S3.</summary>
    public const int FieldsLimit = 20 * 1024;

    /// <summary>RFC 2046 allows 70 characters; some clients send a few more.</summary>
    private const int MaxBoundary = 200;

    private PostForm(PostFields fields, MultipartReader reader) => (Fields, Reader) = (fields, reader);

    /// <summary>The fields before the file, with the file's name inserted.</summary>
    public PostFields Fields { get; }

    /// <summary>The rest of the body.</summary>
    public MultipartReader Reader { get; }

    /// <summary>Reads the fields, up to the file.</summary>
    /// <exception cref="S3Exception">MalformedPOSTRequest, MaxPostPreDataLengthExceededError; InvalidArgument without a file.</exception>
    public static async Task<PostForm> ReadAsync(S3Body body, string? contentType, CancellationToken cancellationToken)
    {
        var reader = new MultipartReader(body, BoundaryOf(contentType), FieldsLimit);
        try
        {
            var fields = new PostFields();
            var value = new byte[FieldsLimit + 1];
            while (await reader.NextPartAsync(cancellationToken) is { } lines)
            {
                var header = PartHeader.Parse(lines.Span);
                if (header.Name.Equals("file", StringComparison.OrdinalIgnoreCase))
                {
                    fields.PutFileName(header.FileName, FieldsLimit);
                    return new PostForm(fields, reader);
                }

                fields.Add(header.Name, await ReadValueAsync(reader, header.Name, value, cancellationToken));
            }

            throw S3Exception.Argument("POST requires exactly one file upload per request.", "file", "0");
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Reader.Dispose();

    private static string BoundaryOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxBoundary } boundary
        && !boundary.AsSpan().ContainsAny('\r', '\n')
            ? boundary
            : throw new S3Exception(
                S3Errors.MalformedPostRequest, "The Content-Type of a form must be multipart/form-data with a boundary.");

    private static async Task<string> ReadValueAsync(MultipartReader reader, string name, byte[] value, CancellationToken cancellationToken)
    {
        var length = 0;
        while (await reader.ReadAsync(value.AsMemory(length), cancellationToken) is var read && read > 0)
        {
            length += read;
            if (length > FieldsLimit)
            {
                throw new S3Exception(S3Errors.MaxPostPreDataLengthExceeded);
            }
        }

        return Utf8.IsValid(value.AsSpan(0, length))
            ? Encoding.UTF8.GetString(value, 0, length)
            : throw S3Exception.Argument("The fields of a form must be UTF-8.", name);
    }
}

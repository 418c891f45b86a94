using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace S3Overlay.Tests.Support;

/// <summary>An upload in parts over HTTP, with headers and documents that no SDK would send.</summary>
internal sealed class HttpUpload
{
    private readonly SignedHttp _http;
    private readonly string _target;
    private readonly string _id;

    private HttpUpload(SignedHttp http, string target, string id) => (_http, _target, _id) = (http, target, id);

    /// <param name="headers">Headers of CreateMultipartUpload.</param>
    public static async Task<HttpUpload> StartAsync(SignedHttp http, string target, params (string, string)[] headers)
    {
        var response = await http.SendAsync("POST", target + "?uploads", [], headers);
        Assert.Equal(200, response.Status);
        return new(http, target, XElement.Parse(response.Text).Elements()
            .Single(static element => element.Name.LocalName == "UploadId").Value);
    }

    /// <summary>The target of a part.</summary>
    public string Part(int number) => string.Create(CultureInfo.InvariantCulture, $"{_target}?partNumber={number}&uploadId={_id}");

    public Task<RawResponse> SendAsync(int number, byte[] bytes, params (string, string)[] headers) =>
        _http.SendAsync("PUT", Part(number), bytes, headers);

    /// <summary>Completes it with the parts that <see cref="Name"/> formats. Without parts, it sends no document.</summary>
    public Task<RawResponse> CompleteAsync(string parts, params (string, string)[] headers) => _http.SendAsync(
        "POST",
        $"{_target}?uploadId={_id}",
        Encoding.UTF8.GetBytes(parts.Length == 0 ? "" : $"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"),
        headers);

    /// <summary>The element of a part in a completion, with further elements.</summary>
    public static string Name(int number, RawResponse part, string more = "") =>
        string.Create(
            CultureInfo.InvariantCulture, $"<Part><PartNumber>{number}</PartNumber><ETag>{part.Headers["ETag"]}</ETag>{more}</Part>");
}

using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Forms;

namespace S3Overlay.Tests.Protocol.Forms;

public sealed class PartHeaderTests
{
    [Theory]
    [InlineData("Content-Disposition: form-data; name=\"key\"", "key", null)]
    [InlineData("content-disposition:form-data;name=key", "key", null)]
    [InlineData("Content-Type: text/plain\r\nContent-Disposition: Form-Data; filename=\"a;b=c.txt\"; name=\"file\"", "file", "a;b=c.txt")]
    [InlineData("Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\ü.txt\"", "file", "C:\\dir\\ü.txt")]
    [InlineData("Content-Disposition: form-data; name=\"a\\\"b\"; filename=\"\"", "a\"b", "")]
    [InlineData("Content-Disposition: form-data; name=\"file\"; filename=\"x\"; filename*=UTF-8''na%C3%AFve.txt", "file", "naïve.txt")]
    [InlineData("Content-Disposition: form-data; name=\"file\"; filename=\"x\"; filename*=UTF-8''%zz", "file", "x")]
    [InlineData("Content-Disposition: form-data; name=\"first\"; name=\"second\"", "first", null)]
    public void Names_are_read_as_clients_write_them(string lines, string name, string? fileName) =>
        Assert.Equal(new PartHeader(name, fileName), PartHeader.Parse(Encoding.UTF8.GetBytes(lines)));

    [Theory]
    [InlineData("")]
    [InlineData("Content-Type: text/plain")]
    [InlineData("Content-Disposition: form-data")]
    [InlineData("Content-Disposition: attachment; name=\"key\"")]
    [InlineData("Content-Disposition: form-data; filename=\"x\"")]
    [InlineData("Content-Disposition: form-data; name=\"\"")]
    [InlineData("Content-Disposition: form-data; name=\"key")]
    [InlineData("Content-Disposition: form-data; name")]
    public void A_part_without_a_name_is_malformed(string lines) =>
        Assert.Equal("MalformedPOSTRequest", Assert.Throws<S3Exception>(() => PartHeader.Parse(Encoding.UTF8.GetBytes(lines))).Error.Code);
}

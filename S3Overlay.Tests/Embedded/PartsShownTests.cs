using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>The parts of an object and their checksums, over HTTP, as S3 shows them.</summary>
[Trait("Rule", "T3")]
public sealed class PartsShownTests(LocalOnlyFixture fixture) : IClassFixture<LocalOnlyFixture>
{
    private static readonly byte[] First = EmbeddedBench.Bytes(5 << 20, 1);
    private static readonly byte[] Last = "123456789"u8.ToArray();
    private static readonly (string, string) Mode = ("x-amz-checksum-mode", "ENABLED");

    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    /// <summary>
    /// Here the number of parts is in <c>PartsCount</c> and not a suffix of the checksum, as in S3; HEAD has the suffix (<c>-2</c>). The
    /// elements of <c>Checksum</c> are base64-encoded digests, https://docs.aws.amazon.com/AmazonS3/latest/API/API_Checksum.html.
    /// </summary>
    [Theory]
    [InlineData("CRC32")]
    [InlineData("SHA1")]
    [InlineData("SHA256")]
    public async Task Attributes_have_the_number_of_parts_in_one_place(string algorithm)
    {
        var target = $"/{await fixture.NewBucketAsync()}/k";
        var kind = Enum.Parse<ChecksumAlgorithm>(algorithm, ignoreCase: true);
        var (upload, sum) = (await HttpUpload.StartAsync(_http, target, ("x-amz-checksum-algorithm", algorithm)),
            ChecksumHasher.Compute(kind, Last).Value);
        var part = await upload.SendAsync(1, Last, ("x-amz-checksum-" + algorithm, sum));
        Assert.Equal(
            200, (await upload.CompleteAsync(HttpUpload.Name(1, part, $"<Checksum{algorithm}>{sum}</Checksum{algorithm}>"))).Status);
        var composite = ChecksumHasher.Compute(kind, Convert.FromBase64String(sum)).Value;
        Assert.Equal(composite + "-1", (await _http.SendAsync("HEAD", target, null, Mode)).Headers["x-amz-checksum-" + algorithm]);
        var shown = await AttributesAsync(target);
        Assert.Equal((composite, "1"), (Text(shown, "Checksum" + algorithm), Text(shown, "PartsCount")));
    }

    [Fact]
    public async Task Attributes_of_what_is_made_of_parts_checksums_list_the_parts()
    {
        var target = await CompletedAsync("COMPOSITE", First, Last);
        Assert.EndsWith("-2", (await _http.SendAsync("HEAD", target, null, Mode)).Headers["x-amz-checksum-crc32"],
            StringComparison.Ordinal);

        var all = await AttributesAsync(target);
        Assert.Equal((Composite(First, Last), "COMPOSITE"), (Text(all, "ChecksumCRC32"), Text(all, "ChecksumType")));
        Assert.Equal("2 0 1000 false 2", Page(all));
        Assert.Equal(["1 5242880 " + Sum(First), "2 9 " + Sum(Last)], Parts(all));

        var one = await AttributesAsync(target, ("x-amz-max-parts", "1"));
        Assert.Equal("2 0 1 true 1", Page(one));
        Assert.Equal(["1 5242880 " + Sum(First)], Parts(one));
        var next = await AttributesAsync(target, ("x-amz-max-parts", "1"), ("x-amz-part-number-marker", "1"));
        Assert.Equal("2 1 1 false 2", Page(next));
        Assert.Equal(["2 9 " + Sum(Last)], Parts(next));
        var behind = await AttributesAsync(target, ("x-amz-max-parts", "1"), ("x-amz-part-number-marker", "10"));
        Assert.Equal("2 10 1 false 0", Page(behind));
        Assert.Empty(Parts(behind));
    }

    /// <summary>
    /// "If an additional checksum isn't applied to the object specified in the request, the response doesn't return the Part element":
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributesParts.html. In S3 the same holds if the checksum covers the
    /// whole object.
    /// </summary>
    [Theory]
    [InlineData("FULL_OBJECT")]
    [InlineData(null)]
    public async Task Attributes_of_another_upload_count_the_parts(string? type)
    {
        var shown = await AttributesAsync(await CompletedAsync(type, First, Last));
        Assert.Equal("<ObjectParts><PartsCount>2</PartsCount></ObjectParts>",
            shown.Elements().Single(static element => element.Name.LocalName == "ObjectParts").ToString(SaveOptions.DisableFormatting)
            .Replace(" xmlns=\"" + shown.Name.NamespaceName + "\"", "", StringComparison.Ordinal));
        Assert.Equal(type is null ? null : Sum([.. First, .. Last]), Text(shown, "ChecksumCRC32"));
    }

    [Theory]
    [InlineData("COMPOSITE", true)]
    [InlineData("FULL_OBJECT", true)]
    [InlineData(null, false)]
    public async Task A_part_shows_its_own_checksum_and_the_type_of_the_objects(string? type, bool shows)
    {
        var target = await CompletedAsync(type, First, Last);
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var part = await _http.SendAsync(method, target + "?partNumber=2", null, Mode);
            Assert.Equal((206, "2"), (part.Status, part.Headers["x-amz-mp-parts-count"]));
            Assert.Equal((shows ? Sum(Last) : null, shows ? type : null), Checksum(part));
            Assert.Equal((null, null), Checksum(await _http.SendAsync(method, target + "?partNumber=2")));
        }
    }

    [Theory]
    [InlineData("COMPOSITE")]
    [InlineData("FULL_OBJECT")]
    public async Task The_only_part_shows_its_checksum(string type)
    {
        var target = await CompletedAsync(type, Last);
        Assert.Equal((Sum(Last), type), Checksum(await _http.SendAsync("GET", target + "?partNumber=1", null, Mode)));
        Assert.Equal((Sum(Last), type), Checksum(await _http.SendAsync("HEAD", target + "?partNumber=1", null, Mode)));
    }

    [Theory]
    [InlineData(true, 10, "2")]
    [InlineData(false, 2, "1")]
    public async Task The_error_for_a_missing_part_says_how_many_there_are(bool isUpload, int number, string count)
    {
        var target = isUpload ? await CompletedAsync(null, First, Last) : $"/{await fixture.NewBucketAsync()}/k";
        if (!isUpload)
        {
            await _http.SendAsync("PUT", target, Last);
        }

        var refused = await _http.SendAsync("GET", $"{target}?partNumber={number}");
        Assert.Equal((416, "InvalidPartNumber"), (refused.Status, refused.Code));
        Assert.Contains($"<ActualPartCount>{count}</ActualPartCount>", refused.Text, StringComparison.Ordinal);
        Assert.Contains($"<PartNumberRequested>{number}</PartNumberRequested>", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("COMPOSITE")]
    [InlineData("FULL_OBJECT")]
    public async Task A_copy_has_the_checksum_of_all_bytes_by_the_algorithm_of_its_source(string type)
    {
        var target = await CompletedAsync(type, First, Last);
        var copied = await _http.SendAsync("PUT", target + "-copy", [], ("x-amz-copy-source", target));
        var sum = Sum([.. First, .. Last]);
        Assert.Contains($"<ChecksumCRC32>{sum}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>", copied.Text,
            StringComparison.Ordinal);
        Assert.Equal((sum, "FULL_OBJECT"), Checksum(await _http.SendAsync("HEAD", target + "-copy", null, Mode)));
    }

    private async Task<string> CompletedAsync(string? type, params byte[][] parts)
    {
        var target = $"/{await fixture.NewBucketAsync()}/k";
        var upload = await HttpUpload.StartAsync(_http, target, type is null ? []
            : [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", type)]);
        var named = "";
        for (var i = 0; i < parts.Length; i++)
        {
            var sent = await upload.SendAsync(i + 1, parts[i], ("x-amz-checksum-crc32", Sum(parts[i])));
            named += HttpUpload.Name(i + 1, sent, type is null ? "" : $"<ChecksumCRC32>{Sum(parts[i])}</ChecksumCRC32>");
        }

        Assert.Equal(200, (await upload.CompleteAsync(named)).Status);
        return target;
    }

    private async Task<XElement> AttributesAsync(string target, params (string, string)[] headers) =>
        XElement.Parse(
            (await _http.SendAsync("GET", target + "?attributes", null,
            [("x-amz-object-attributes", "Checksum,ObjectParts"), .. headers])).Text);

    /// <summary>The number of parts and the current page of them.</summary>
    private static string Page(XElement shown) => string.Join(
        ' ', ((string[])["PartsCount", "PartNumberMarker", "MaxParts", "IsTruncated", "NextPartNumberMarker"])
            .Select(name => Text(shown, name) ?? "-"));

    private static IEnumerable<string> Parts(XElement shown) => shown.Descendants()
        .Where(static element => element.Name.LocalName == "Part")
        .Select(static part => string.Join(' ', part.Elements().Select(static element => element.Value)));

    private static string? Text(XElement shown, string name) => shown.Descendants()
        .FirstOrDefault(element => element.Name.LocalName == name)?.Value;

    private static (string?, string?) Checksum(RawResponse response) =>
        (response.Headers.GetValueOrDefault("x-amz-checksum-crc32"), response.Headers.GetValueOrDefault("x-amz-checksum-type"));

    private static string Sum(byte[] bytes) => ChecksumHasher.Compute(ChecksumAlgorithm.Crc32, bytes).Value;

    private static string Composite(params byte[][] parts) =>
        Sum([.. parts.SelectMany(static part => Convert.FromBase64String(Sum(part)))]);
}

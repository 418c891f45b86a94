using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class MultipartTests
{
    [Fact]
    [Trait("Rule", "W6")]
    public async Task Parts_of_any_sizes_become_one_object()
    {
        await using var bench = await OpenAsync();
        byte[][] parts = [Bytes(300_001, 1), Bytes(70_000, 2), Bytes(1000, 3), Bytes(65_536, 4), Bytes(7, 5)];
        var id = await StartAsync(bench);
        var tags = await Task.WhenAll(parts.Select((bytes, i) => UploadAsync(bench, id, i + 1, bytes)));
        Assert.Empty(await bench.ListAsync());

        var response = await CompleteAsync(bench, id, tags);

        var whole = parts.SelectMany(static bytes => bytes).ToArray();
        var md5 = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(
            parts.SelectMany(static bytes => System.Security.Cryptography.MD5.HashData(bytes)).ToArray()));
        Assert.Equal($"\"{md5}-5\"", Text(response, "ETag"));
        Assert.Equal("http://localhost:8000/bucket/key", Text(response, "Location"));
        Assert.Equal(whole, await bench.GetAsync("key"));
        Assert.Equal(whole[299_990..370_010], await bench.GetAsync("key", "", ("Range", "bytes=299990-370009")));
        Assert.Equal(["key"], await bench.ListAsync());

        var second = await bench.SendAsync(S3Operation.GetObject, "key", null, "partNumber=2");
        Assert.Equal(206, second.Status);
        Assert.Equal("5", second.Headers["x-amz-mp-parts-count"].ToString());
        Assert.Equal($"bytes 300001-370000/{whole.Length}", second.Headers.ContentRange.ToString());
        Assert.Equal(parts[1], second.Content.ToArray());
        Assert.Equal("InvalidPartNumber", await bench.FailAsync(S3Operation.GetObject, "key", null, "partNumber=6"));
        await bench.ReopenAsync();
        Assert.Equal(whole, await bench.GetAsync("key"));
    }

    [Fact]
    [Trait("Rule", "W6")]
    public async Task Completing_again_gets_the_same_response_for_a_day()
    {
        await using var bench = await OpenAsync();
        var id = await StartAsync(bench);
        var tag = await UploadAsync(bench, id, 1, [1, 2]);
        var first = await CompleteAsync(bench, id, tag);
        Assert.Equal(first.Content.ToArray(), (await CompleteAsync(bench, id, tag)).Content.ToArray());
        await bench.DeleteAsync("key");
        Assert.Equal(first.Content.ToArray(), (await CompleteAsync(bench, id, tag)).Content.ToArray());
        Assert.Equal("NoSuchKey", await bench.FailAsync(S3Operation.GetObject, "key"));
        Assert.Equal("NoSuchUpload", await bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", Named("\"x\""), Id(id)));
        bench.Time.Advance(TimeSpan.FromHours(25));
        Assert.Equal("NoSuchUpload", await bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", Named(tag), Id(id)));
    }

    [Fact]
    [Trait("Rule", "W6")]
    public async Task Aborting_leaves_the_older_object_and_no_file()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [9]);
        var id = await StartAsync(bench);
        await UploadAsync(bench, id, 1, Bytes(2000));
        await bench.SendAsync(S3Operation.AbortMultipartUpload, "key", null, Id(id));
        Assert.Equal([9], await bench.GetAsync("key"));
        Assert.Equal("NoSuchUpload", await bench.FailAsync(S3Operation.AbortMultipartUpload, "key", null, Id(id)));
        Assert.Equal("NoSuchUpload", await bench.FailAsync(S3Operation.UploadPart, "key", new BytesBody([1]), Id(id) + "&partNumber=1"));
        await bench.ReopenAsync();
        Assert.Single(bench.Files("objects"));
        Assert.Empty(await bench.Store.Uploads.OfAsync(Bucket));
    }

    [Fact]
    public async Task A_completion_that_does_not_add_up_says_why()
    {
        await using var bench = await OpenAsync();
        var id = await StartAsync(bench);
        var small = await UploadAsync(bench, id, 1, Bytes(999));
        var large = await UploadAsync(bench, id, 2, Bytes(1000));

        Assert.Equal("EntityTooSmall", await FailAsync(Named(small, large)));
        Assert.Equal("InvalidPart", await FailAsync(Named(large)));
        Assert.Equal("InvalidPartOrder", await FailAsync(Numbered((2, large), (1, small))));
        Assert.Equal("InvalidPartOrder", await FailAsync(Numbered((2, large), (2, large))));
        Assert.Equal("InvalidPart", await FailAsync(Numbered((3, large))));
        Assert.Equal("MalformedXML", await FailAsync("<CompleteMultipartUpload/>"));
        Assert.Equal("MalformedXML", await FailAsync("<Other/>"));
        Assert.Equal("InvalidRequest", await FailAsync(""));
        Assert.Equal("NoSuchUpload", await bench.FailAsync(S3Operation.CompleteMultipartUpload, "other", TextBody(Xml(small)), Id(id)));
        Assert.Equal(
            "InvalidArgument", await bench.FailAsync(S3Operation.UploadPart, "key", new BytesBody([1]), Id(id) + "&partNumber=10001"));
        Assert.Equal(
            "NoSuchUpload", await bench.FailAsync(S3Operation.UploadPart, "key", new BytesBody([1]), "uploadId=../x&partNumber=1"));
        Assert.Equal(
            "NoSuchKey", await bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", Named(small), Id(id), ("If-Match", "\"x\"")));
        Assert.Equal(
            "InvalidRequest",
            await bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", Named(small), Id(id), ("x-amz-mp-object-size", "5")));
        _ = await bench.SendAsync(S3Operation.CompleteMultipartUpload, "key", Numbered((2, large)), Id(id), ("If-None-Match", "*"));
        await bench.ReopenAsync();
        Assert.Equal(2, bench.Files("objects").Count());

        Task<string> FailAsync(object xml) =>
            bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", xml as S3Body ?? TextBody((string)xml), Id(id));
    }

    [Fact]
    public async Task A_part_sent_again_takes_the_place_of_the_first()
    {
        await using var bench = await OpenAsync();
        var id = await StartAsync(bench);
        var old = await UploadAsync(bench, id, 1, [1]);
        var now = await UploadAsync(bench, id, 1, [2]);
        Assert.Equal("InvalidPart", await bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", Named(old), Id(id)));
        await CompleteAsync(bench, id, now);
        Assert.Equal([2], await bench.GetAsync("key"));
        await bench.ReopenAsync();
        Assert.Equal(2, bench.Files("objects").Count());
    }

    [Fact]
    public async Task Uploads_and_parts_are_listed_page_by_page()
    {
        await using var bench = await OpenAsync();
        var ids = new List<string>();
        foreach (var key in (string[])["a/1", "a/2", "b", "b", "c"])
        {
            ids.Add(await StartAsync(bench, key));
            bench.Time.Advance(TimeSpan.FromSeconds(1));
        }

        for (var number = 1; number <= 5; number++)
        {
            await UploadAsync(bench, ids[4], number, [1], "c");
        }

        Assert.Equal(ids, await UploadsAsync(""));
        Assert.Equal(["a/", "b", "b", "c"], Names(await bench.SendAsync(S3Operation.ListMultipartUploads, "", null, "uploads&delimiter=/"))
            .Order(StringComparer.Ordinal));

        var paged = new List<string>();
        var query = "";
        for (var page = 0; page < 9; page++)
        {
            var response = await bench.SendAsync(S3Operation.ListMultipartUploads, "", null, "uploads&max-uploads=1" + query);
            paged.AddRange(Xml(response).Descendants().Where(static e => e.Name.LocalName == "UploadId").Select(static e => e.Value));
            if (Text(response, "IsTruncated") == "false")
            {
                break;
            }

            query =
                $"&key-marker={UriEncoding.EncodeComponent(Text(response, "NextKeyMarker"))}"
                + $"&upload-id-marker={Text(response, "NextUploadIdMarker")}";
        }

        Assert.Equal(ids, paged);
        var parts = await bench.SendAsync(S3Operation.ListParts, "c", null, Id(ids[4]) + "&max-parts=2&part-number-marker=2");
        Assert.Equal(["3", "4"], Xml(parts).Descendants().Where(static e => e.Name.LocalName == "PartNumber").Select(static e => e.Value));
        Assert.Equal("true", Text(parts, "IsTruncated"));
        Assert.Equal("4", Text(parts, "NextPartNumberMarker"));

        async Task<List<string>> UploadsAsync(string more) =>
            [.. Xml(await bench.SendAsync(S3Operation.ListMultipartUploads, "", null, "uploads" + more))
                .Descendants().Where(static e => e.Name.LocalName == "UploadId").Select(static e => e.Value)];
    }

    [Theory]
    [InlineData("a/1", "", "a/ b c/")]
    [InlineData("a/15", "", "a/ b c/")]
    [InlineData("a/2", "0", "a/ b c/")]
    [InlineData("a/2", "1", "b c/")]
    [InlineData("a/2", "", "b c/")]
    [InlineData("a/3", "", "b c/")]
    [InlineData("a/", "", "b c/")]
    [InlineData("a", "", "a/ b c/")]
    [InlineData("b", "", "c/")]
    [InlineData("c/d/", "", "c/")]
    [InlineData("c/d/e", "", "")]
    [InlineData("z", "", "")]
    public async Task A_marker_in_a_folder_leaves_the_rest_of_the_folder_to_come(string marker, string id, string expected)
    {
        await using var bench = await OpenAsync();
        var ids = new List<string>();
        foreach (var key in (string[])["a/1", "a/2", "a/2", "b", "c/d/e"])
        {
            ids.Add(await StartAsync(bench, key));
            bench.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var behind = id.Length == 0 ? "" : "&upload-id-marker=" + ids[1 + int.Parse(id, System.Globalization.CultureInfo.InvariantCulture)];
        var response = await bench.SendAsync(S3Operation.ListMultipartUploads, "", null,
            $"uploads&delimiter=/&key-marker={marker}{behind}");
        Assert.Equal(expected, string.Join(' ', Names(response).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Deleting_a_bucket_aborts_its_uploads_even_during_a_completion()
    {
        await using var bench = await OpenAsync();
        for (var round = 0; round < 5; round++)
        {
            var id = await StartAsync(bench);
            var tag = await UploadAsync(bench, id, 1, [1]);
            var completing = Task.Run(() => CompleteAsync(bench, id, tag));
            var deleting = Task.Run(() => bench.SendAsync(S3Operation.DeleteBucket, ""));
            await Task.WhenAll(
                completing.ContinueWith(static _ => { }, TaskScheduler.Default),
                deleting.ContinueWith(static _ => { }, TaskScheduler.Default))
                .WaitAsync(Patience.Limit);

            // One of the two won, and the other failed.
            Assert.NotEqual(completing.IsCompletedSuccessfully, deleting.IsCompletedSuccessfully);
            await bench.SendAsync(S3Operation.CreateBucket, "");
            Assert.Empty(Names(await bench.SendAsync(S3Operation.ListMultipartUploads, "", null, "uploads")));
            await bench.DeleteAsync("key");
        }
    }

    [Theory]
    [InlineData(ChecksumAlgorithm.Crc32C, null, "COMPOSITE")]
    [InlineData(ChecksumAlgorithm.Crc32C, "FULL_OBJECT", "FULL_OBJECT")]
    [InlineData(ChecksumAlgorithm.Crc64Nvme, null, "FULL_OBJECT")]
    [InlineData(ChecksumAlgorithm.Sha256, null, "COMPOSITE")]
    public async Task The_whole_has_the_checksum_that_its_parts_make(ChecksumAlgorithm algorithm, string? asked, string type)
    {
        await using var bench = await OpenAsync();
        (string, string)[] headers = asked is null
            ? [("x-amz-checksum-algorithm", ChecksumNames.Name(algorithm))]
            : [("x-amz-checksum-algorithm", ChecksumNames.Name(algorithm)), ("x-amz-checksum-type", asked)];
        var id = Text(await bench.SendAsync(S3Operation.CreateMultipartUpload, "key", null, "uploads", headers), "UploadId");
        byte[][] parts = [Bytes(2000, 1), Bytes(500, 2)];
        var tags = new string[2];
        for (var i = 0; i < 2; i++)
        {
            var body = new BytesBody(parts[i]) { Came = ChecksumHasher.Compute(algorithm, parts[i]) };
            tags[i] = (await bench.SendAsync(S3Operation.UploadPart, "key", body, Id(id) + $"&partNumber={i + 1}")).Headers.ETag.ToString();
        }

        var element = ChecksumNames.Element(algorithm);
        var named = "<CompleteMultipartUpload>"
            + string.Concat(parts.Select((part, i) =>
                $"<Part><PartNumber>{i + 1}</PartNumber><ETag>{tags[i]}</ETag>"
                + $"<{element}>{ChecksumHasher.Compute(algorithm, part).Value}</{element}></Part>"))
            + "</CompleteMultipartUpload>";
        Assert.Equal(
            "BadDigest",
            await bench.FailAsync(S3Operation.CompleteMultipartUpload, "key", TextBody(named), Id(id),
                (ChecksumNames.Header(algorithm), "AAAA")));
        var response = await bench.SendAsync(S3Operation.CompleteMultipartUpload, "key", TextBody(named), Id(id));

        var expected = type == "FULL_OBJECT"
            ? ChecksumHasher.Compute(algorithm, [.. parts[0], .. parts[1]]).Value
            : ChecksumHasher.Compute(
                algorithm, [.. parts.SelectMany(p => Convert.FromBase64String(ChecksumHasher.Compute(algorithm, p).Value))]).Value + "-2";
        Assert.Equal(expected, Text(response, ChecksumNames.Element(algorithm)));
        Assert.Equal(type, Text(response, "ChecksumType"));
        var head = await bench.SendAsync(S3Operation.HeadObject, "key", null, "", ("x-amz-checksum-mode", "ENABLED"));
        Assert.Equal(expected, head.Headers[ChecksumNames.Header(algorithm)].ToString());
        var attributes = await bench.SendAsync(S3Operation.GetObjectAttributes, "key", null, "attributes",
            ("x-amz-object-attributes", "ObjectParts,Checksum,ObjectSize"));
        Assert.Equal("2500", Text(attributes, "ObjectSize"));
        Assert.Equal("2", Text(attributes, "PartsCount"));
    }

    [Fact]
    public async Task Parts_can_be_copied_from_objects()
    {
        await using var bench = await OpenAsync();
        var source = Bytes(400_000);
        await bench.PutAsync("source", source);
        var id = await StartAsync(bench);
        var first = Text(await CopyAsync(1, "bytes=100-200099"), "ETag");
        var second = Text(await CopyAsync(2, null), "ETag");
        await CompleteAsync(bench, id, first, second);
        byte[] expected = [.. source[100..200_100], .. source];
        Assert.Equal(expected, await bench.GetAsync("key"));
        Assert.Equal("InvalidArgument", await FailAsync("bytes=0-400000"));
        Assert.Equal("InvalidArgument", await FailAsync("bytes=5-"));

        Task<BufferedResponse> CopyAsync(int number, string? range) => bench.SendAsync(
            S3Operation.UploadPartCopy, "key", null, Id(id) + $"&partNumber={number}", Headers(range));

        async Task<string> FailAsync(string range) => await bench.FailAsync(
            S3Operation.UploadPartCopy, "key", null, Id(await StartAsync(bench)) + "&partNumber=1", Headers(range));

        static (string, string)[] Headers(string? range) =>
            range is null ? [("x-amz-copy-source", "bucket/source")]
                : [("x-amz-copy-source", "bucket/source"), ("x-amz-copy-source-range", range)];
    }

    internal static async Task<string> StartAsync(EmbeddedBench bench, string key = "key") =>
        Text(await bench.SendAsync(S3Operation.CreateMultipartUpload, key, null, "uploads"), "UploadId");

    internal static async Task<string> UploadAsync(EmbeddedBench bench, string id, int number, byte[] bytes, string key = "key") =>
        (await bench.SendAsync(S3Operation.UploadPart, key, new BytesBody(bytes), Id(id) + $"&partNumber={number}")).Headers.ETag
            .ToString();

    internal static Task<BufferedResponse> CompleteAsync(EmbeddedBench bench, string id, params string[] tags) =>
        bench.SendAsync(S3Operation.CompleteMultipartUpload, "key", Named(tags), Id(id));

    internal static string Id(string id) => "uploadId=" + id;

    internal static S3Body Named(params string[] tags) => TextBody(Xml(tags));

    private static string Xml(params string[] tags) => Xml([.. tags.Select(static (tag, i) => (i + 1, tag))]);

    private static S3Body Numbered(params (int Number, string Tag)[] parts) => TextBody(Xml(parts));

    private static string Xml((int Number, string Tag)[] parts) => "<CompleteMultipartUpload>"
        + string.Concat(parts.Select(static part => $"<Part><PartNumber>{part.Number}</PartNumber><ETag>{part.Tag}</ETag></Part>"))
        + "</CompleteMultipartUpload>";

    private static System.Xml.Linq.XElement Xml(BufferedResponse response) => EmbeddedBench.Xml(response);
}

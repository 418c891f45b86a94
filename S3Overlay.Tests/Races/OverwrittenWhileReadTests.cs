using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>A written object is overwritten or deleted between any two steps of a reader (rule C4).</summary>
[Trait("Rule", "C4")]
public sealed class OverwrittenWhileReadTests
{
    /// <summary>Two lengths, so that headers of the one do not fit the body of the other.</summary>
    private static readonly int[] Sizes = [2_100_000, 2_500_000];

    [Theory]
    [InlineData("PUT", false)]
    [InlineData("PUT", true)]
    [InlineData("DELETE", false)]
    [InlineData("DELETE", true)]
    [InlineData("complete", false)]
    [InlineData("complete", true)]
    public async Task The_reader_gets_the_old_object_whole_and_the_next_one_the_new(string change, bool isOfParts)
    {
        await using var bench = await EmbeddedBench.OpenAsync();
        var runs = 0;
        for (var hasHappened = true; hasHappened; runs++)
        {
            var key = $"key-{runs}";
            var older = await WriteAsync(bench, key, 0, isOfParts);
            var (step, at) = (0, runs);
            hasHappened = false;
            var response = new CollectedResponse
            {
                OnSending = async _ =>
                {
                    if (step++ != at)
                    {
                        return;
                    }

                    hasHappened = true;
                    await ChangeAsync(bench, key, change);

                    // What a reader holds open is deleted once no reader is left. Other requests run in between.
                    await bench.SendAsync(S3Operation.ListObjectsV2, "");
                },
            };
            await bench.Service.HandleAsync(EmbeddedBench.Request(S3Operation.GetObject, key, null, ""), response, default);
            await response.Body.FlushAsync();
            Assert.False(response.IsAborted);
            Assert.Equal((Sizes[0].ToString(CultureInfo.InvariantCulture), "0", older), Seen(response));
            Assert.True(AreSame(EmbeddedBench.Bytes(Sizes[0], 0), response.Bytes), $"{at}: other bytes");
            if (!hasHappened)
            {
                continue;
            }

            if (change == "DELETE")
            {
                Assert.Equal("NoSuchKey", await bench.FailAsync(S3Operation.GetObject, key));
            }
            else
            {
                Assert.True(AreSame(EmbeddedBench.Bytes(Sizes[1], 1), await bench.GetAsync(key)), $"{at}: the new object is not there");
            }
        }

        Assert.InRange(runs, 4, 100);
    }

    /// <summary>
    /// The reader has looked the key up, and opens it only after the object was replaced. Its parts are gone, but the disk has not deleted
    /// its manifest yet.
    /// </summary>
    [Theory]
    [InlineData("PUT")]
    [InlineData("complete")]
    [InlineData("DELETE")]
    public async Task A_reader_that_opens_an_overwritten_object_looks_it_up_again(string change)
    {
        var disk = new ManifestKeepingDisk();
        await using var bench = await EmbeddedBench.OpenAsync(disk);
        await WriteAsync(bench, "key", 0, isOfParts: true);
        var found = await bench.Store.Objects.RequireAsync(EmbeddedBench.Bucket, "key");
        disk.Kept = found.File.ToString();
        await ChangeAsync(bench, "key", change);
        await disk.IsAsked.Task.WaitAsync(Patience.Limit);
        if (change == "DELETE")
        {
            var gone = await Assert.ThrowsAsync<S3Exception>(async () => await bench.Store.Objects
                .OpenAsync(EmbeddedBench.Bucket, "key", found));
            Assert.Equal(S3Errors.NoSuchKey, gone.Error);
            return;
        }

        using var stored = await bench.Store.Objects.OpenAsync(EmbeddedBench.Bucket, "key", found);
        var response = new CollectedResponse();
        Assert.True(await stored.CopyToAsync(new(0, Sizes[1] - 1), response, default));
        await response.Body.FlushAsync();
        Assert.True(AreSame(EmbeddedBench.Bytes(Sizes[1], 1), response.Bytes));
    }

    /// <summary>
    /// A disk that refuses to remove one file, and signals the attempt. The files before it are gone by then.
    /// </summary>
    private sealed class ManifestKeepingDisk() : StoreDisk(isDurable: false)
    {
        public string Kept { get; set; } = "-";

        public TaskCompletionSource IsAsked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Remove(string path)
        {
            if (path.Contains(Kept, StringComparison.Ordinal))
            {
                IsAsked.TrySetResult();
                return;
            }

            base.Remove(path);
        }
    }

    /// <summary>Compared at once: a megabyte is too much for an assertion that compares element by element.</summary>
    private static bool AreSame(byte[] expected, byte[] actual) => expected.AsSpan().SequenceEqual(actual);

    private static (string Length, string Version, string ETag) Seen(CollectedResponse response) =>
        (response.Headers.ContentLength.ToString()!, response.Headers["x-amz-meta-version"].ToString(), response.Headers.ETag.ToString());

    private static Task ChangeAsync(EmbeddedBench bench, string key, string change) => change switch
    {
        "PUT" => WriteAsync(bench, key, 1, isOfParts: false),
        "complete" => WriteAsync(bench, key, 1, isOfParts: true),
        _ => bench.DeleteAsync(key),
    };

    /// <summary>Writes a version, in one piece or in four; its ETag.</summary>
    private static async Task<string> WriteAsync(EmbeddedBench bench, string key, int version, bool isOfParts)
    {
        var bytes = EmbeddedBench.Bytes(Sizes[version], version);
        var metadata = ("x-amz-meta-version", version.ToString(CultureInfo.InvariantCulture));
        if (!isOfParts)
        {
            return await bench.PutAsync(key, bytes, metadata);
        }

        var upload = EmbeddedBench.Text(await bench.SendAsync(S3Operation.CreateMultipartUpload, key, null, "uploads", metadata),
            "UploadId");
        var parts = "";
        var quarter = bytes.Length / 4;
        for (var number = 1; number <= 4; number++)
        {
            var part = await bench.SendAsync(S3Operation.UploadPart, key,
                new BytesBody(bytes[((number - 1) * quarter)..(number * quarter)]), $"partNumber={number}&uploadId={upload}");
            parts += $"<Part><PartNumber>{number}</PartNumber><ETag>{part.Headers.ETag}</ETag></Part>";
        }

        await bench.SendAsync(
            S3Operation.CompleteMultipartUpload, key, EmbeddedBench.TextBody($"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"),
            $"uploadId={upload}");
        return (await bench.SendAsync(S3Operation.HeadObject, key)).Headers.ETag.ToString();
    }
}

using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>
/// <c>docs/operations.md</c> has every operation of S3 with the built-in store's answer. The page is written with
/// <c>S3OVERLAY_WRITE_PAGES=1</c>.
/// </summary>
[Trait("Rule", "A1")]
public sealed class OperationsPageTests
{
    private const string Heading = """
        # Operations

        Every operation of S3, and what the built-in store answers. The table is made by a test, which sends each request. In buckets with a
        remote, the overlay answers by the same table, as the [contract](semantics.md) says. A local S3 endpoint answers for itself.

        - **served**: as S3 does, except for the differences in [compatibility.md](compatibility.md).
        - **a new bucket's**: the answer of a bucket in S3 where this was never set. Setting it is 501, except to S3's default where the
          table says so.

        | operation | request | answer |
        |---|---|---|

        """;

    /// <summary>The names of S3's configurations of buckets, by sub-resource.</summary>
    private static readonly Dictionary<string, string> Names = new()
    {
        ["abac"] = "BucketAbac",
        ["accelerate"] = "BucketAccelerateConfiguration",
        ["acl"] = "BucketAcl",
        ["analytics"] = "BucketAnalyticsConfiguration",
        ["cors"] = "BucketCors",
        ["encryption"] = "BucketEncryption",
        ["intelligent-tiering"] = "BucketIntelligentTieringConfiguration",
        ["inventory"] = "BucketInventoryConfiguration",
        ["lifecycle"] = "BucketLifecycleConfiguration",
        ["logging"] = "BucketLogging",
        ["metadataAnnotationTable"] = "BucketMetadataAnnotationTableConfiguration",
        ["metadataConfiguration"] = "BucketMetadataConfiguration",
        ["metadataInventoryTable"] = "BucketMetadataInventoryTableConfiguration",
        ["metadataJournalTable"] = "BucketMetadataJournalTableConfiguration",
        ["metadataTable"] = "BucketMetadataTableConfiguration",
        ["metrics"] = "BucketMetricsConfiguration",
        ["notification"] = "BucketNotificationConfiguration",
        ["object-lock"] = "ObjectLockConfiguration",
        ["ownershipControls"] = "BucketOwnershipControls",
        ["policy"] = "BucketPolicy",
        ["policyStatus"] = "BucketPolicyStatus",
        ["publicAccessBlock"] = "PublicAccessBlock",
        ["replication"] = "BucketReplication",
        ["requestPayment"] = "BucketRequestPayment",
        ["tagging"] = "BucketTagging",
        ["versioning"] = "BucketVersioning",
        ["website"] = "BucketWebsite",
    };

    /// <summary>S3's defaults, by sub-resources that can be set to nothing else.</summary>
    private static readonly Dictionary<string, string> Defaults = new()
    {
        ["accelerate"] = "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>",
        ["notification"] = "<NotificationConfiguration/>",
        ["requestPayment"] = "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
    };

    [Fact]
    public async Task The_page_has_every_operation_with_the_answer_to_it()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        var answers = new Dictionary<OperationTable.Row, RawResponse>();
        foreach (var row in OperationTable.OfS3.Rows)
        {
            await proxy.SendAsync("PUT", "/bucket");
            await proxy.SendAsync("PUT", "/bucket/key", "text");
            var target = row.Level switch { TargetLevel.Service => "/", TargetLevel.Bucket => "/bucket", _ => "/bucket/key" };
            (string, string)[] headers = row.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy
                ? [("x-amz-copy-source", "/bucket/key")] : [];
            answers[row] = await proxy.SendAsync(
                row.Method, row.Selector.Length == 0 ? target : $"{target}?{row.Selector}", row.Method is "PUT" or "POST" ? "<a/>" : null,
                headers);
        }

        foreach (var (name, document) in Defaults)
        {
            Assert.Equal((name, 200), (name, (await proxy.SendAsync("PUT", "/bucket?" + name, document)).Status));
        }

        var page = new StringBuilder(Heading);
        foreach (var row in OperationTable.OfS3.Rows.Where(static row => row.Operation != S3Operation.Unknown))
        {
            page.Append("| ").Append(NameOf(row)).Append(" | `").Append(row.Method).Append(' ')
                .Append(row.Level switch { TargetLevel.Service => "/", TargetLevel.Bucket => "/bucket", _ => "/bucket/key" })
                .Append(row.Selector.Length == 0 ? "" : "?" + row.Selector).Append("` | ").Append(AnswerTo(row, answers)).Append(" |\n");
        }

        var path = Path.Combine(Repository.Root, "docs", "operations.md");
        if (Environment.GetEnvironmentVariable("S3OVERLAY_WRITE_PAGES") == "1")
        {
            await File.WriteAllTextAsync(path, page.ToString());
        }

        Assert.Equal(page.ToString(), await File.ReadAllTextAsync(path));
    }

    private static string NameOf(OperationTable.Row row) => row.Operation switch
    {
        S3Operation.GetBucketConfiguration => "Get" + Names[row.Selector],
        S3Operation.PutBucketConfiguration => (row.Method == "POST" ? "Create" : "Put") + Names[row.Selector],
        S3Operation.DeleteBucketConfiguration => "Delete" + Names[row.Selector],
        _ => row.Operation.ToString(),
    };

    private static string AnswerTo(OperationTable.Row row, Dictionary<OperationTable.Row, RawResponse> answers)
    {
        var answer = answers[row];
        Assert.True(answer.Status is < 500 or 501, $"{row.Method} {row.Selector}: {answer.Status} {answer.Text}");
        if (answer.Status == 501)
        {
            return row.Method == "PUT" && Defaults.TryGetValue(row.Selector, out var document) && row.Level == TargetLevel.Bucket
                ? $"200 for `{document}`, else 501 NotImplemented" : "501 NotImplemented";
        }

        if (row.Operation == S3Operation.GetObjectTorrent)
        {
            return $"{answer.Status} {answer.Code}: no object has one";
        }

        var canSet = !Names.ContainsKey(row.Selector) || row.Level != TargetLevel.Bucket || answers.Any(each => each.Key.Level == row.Level
            && each.Key.Selector == row.Selector && each.Key.Method is "PUT" or "POST" && each.Value.Status != 501);
        return canSet || row.Selector == "policyStatus" ? "served"
            : answer.Status == 200 ? "a new bucket's"
            : answer.Status == 204 ? "a new bucket's: nothing to delete" : $"a new bucket's: {answer.Status} {answer.Code}";
    }
}

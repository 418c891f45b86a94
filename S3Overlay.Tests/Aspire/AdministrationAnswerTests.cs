using System.Net;
using System.Text.Json;

using S3Overlay.Hosting;

namespace S3Overlay.Tests.Aspire;

/// <summary>How the result of an administration call is parsed.</summary>
public sealed class AdministrationAnswerTests
{
    private const string Going = "{\"done\":false,\"entries\":3,\"bytes\":9,\"failed\":0}\n";

    [Theory]
    [InlineData(true, Going + "{\"done\":true,\"entries\":7,\"bytes\":70,\"failed\":0}\n")]
    [InlineData(true, "{\"done\":true,\"tombstones\":2,\"buckets\":0,\"kept\":0}")]
    [InlineData(false, Going + "{\"done\":true,\"entries\":7,\"bytes\":70,\"failed\":1}\n")]
    [InlineData(false, Going + "{\"done\":false,\"entries\":3,\"bytes\":9,\"failed\":0,\"error\":{\"code\":\"ServiceUnavailable\"}}\n")]
    [InlineData(false, Going)]
    [InlineData(false, Going + "{\"done\":tr")]
    [InlineData(false, "[]")]
    [InlineData(false, "")]
    public async Task All_is_done_where_the_last_line_says_so(bool isDone, string body) =>
        Assert.Equal(isDone, (await ReadAsync(HttpStatusCode.OK, body)).IsDone);

    [Fact]
    public async Task A_refusal_is_reported_in_the_proxys_words()
    {
        var refusal = await ReadAsync(HttpStatusCode.Forbidden, "{\"code\":\"AccessDenied\",\"message\":\"Access Denied\"}");
        Assert.Equal((false, "Access Denied"), (refusal.IsDone, refusal.Message));

        var other = await ReadAsync(HttpStatusCode.BadGateway, "<html>");
        Assert.Equal((false, "502 <html>"), (other.IsDone, other.Message));
    }

    [Fact]
    public async Task Work_is_reported_in_words()
    {
        Assert.Equal("Done: entries: 7, bytes: 70.",
            (await ReadAsync(HttpStatusCode.OK, Going + "{\"done\":true,\"entries\":7,\"bytes\":70,\"failed\":0}\n")).Message);
        Assert.Equal("There was nothing to do.", (await ReadAsync(HttpStatusCode.OK, "{\"done\":true,\"entries\":0}")).Message);
    }

    [Fact]
    public async Task A_list_has_a_line_for_each_item_and_an_end()
    {
        var items = string.Concat(Enumerable.Range(0, 1001).Select(static at => $"{{\"key\":\"k{at}\"}}\n"));
        var all = await ReadAsync(HttpStatusCode.OK, items + "{\"done\":true,\"count\":1001}\n", Describe);
        Assert.Equal((true, "1001 in all, the first 1000 of them here."), (all.IsDone, all.Message));
        Assert.Equal(1000, all.Data!.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        Assert.False((await ReadAsync(HttpStatusCode.OK, "{\"key\":\"a\"}\n{\"key\":", Describe)).IsDone);
        Assert.False((await ReadAsync(HttpStatusCode.OK, "{\"key\":\"a\"}\n", Describe)).IsDone);
        Assert.Equal("There are none.", (await ReadAsync(HttpStatusCode.OK, "{\"done\":true,\"count\":0}\n", Describe)).Message);
    }

    [Fact]
    public async Task A_document_is_described()
    {
        var document = await ReadAsync(HttpStatusCode.OK, "{\"key\":\"a\"}\n", Describe, "application/json");
        Assert.Equal((true, "a", "{\"key\":\"a\"}"), (document.IsDone, document.Message, document.Data));
    }

    private static string Describe(JsonElement item) => item.GetProperty("key").GetString()!;

    private static async Task<AdministrationAnswer> ReadAsync(
        HttpStatusCode status, string body, Func<JsonElement, string>? describe = null, string type = "application/x-ndjson")
    {
        using var response = new HttpResponseMessage(status) { Content = new StringContent(body, null, type) };
        return await AdministrationAnswer.ReadAsync(response, describe, CancellationToken.None);
    }
}

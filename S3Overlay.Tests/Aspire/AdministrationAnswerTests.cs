using System.Net;

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
        var answer = await ReadAsync(HttpStatusCode.Forbidden, "{\"error\":{\"code\":\"AccessDenied\"}}");

        Assert.False(answer.IsDone);
        Assert.Equal("403 {\"error\":{\"code\":\"AccessDenied\"}}", answer.Message);
    }

    private static async Task<AdministrationAnswer> ReadAsync(HttpStatusCode status, string body)
    {
        using var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
        return await AdministrationAnswer.ReadAsync(response, CancellationToken.None);
    }
}

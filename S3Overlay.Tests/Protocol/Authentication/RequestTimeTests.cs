using System.Globalization;

using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Protocol.Authentication;

/// <summary>Times as they are signed: read and written as .NET's own reader and writer of formats would.</summary>
public sealed class RequestTimeTests
{
    [Theory]
    [InlineData("20130524T000000Z")]
    [InlineData("00010101T000000Z")]
    [InlineData("99991231T235959Z")]
    [InlineData("20240229T235959Z")]
    [InlineData("20230229T000000Z")]
    [InlineData("20130001T000000Z")]
    [InlineData("20131301T000000Z")]
    [InlineData("20130500T000000Z")]
    [InlineData("20130532T000000Z")]
    [InlineData("20130524T240000Z")]
    [InlineData("20130524T006000Z")]
    [InlineData("20130524T000060Z")]
    [InlineData("00000524T000000Z")]
    [InlineData("20130524t000000Z")]
    [InlineData("20130524T000000z")]
    [InlineData("20130524 000000Z")]
    [InlineData("20130524T000000")]
    [InlineData("20130524T000000Z0")]
    [InlineData("2013052\u0664T000000Z")]
    [InlineData("-0130524T000000Z")]
    [InlineData("2013 524T000000Z")]
    [InlineData("")]
    public void The_basic_form_is_read_as_the_format_has_it(string text)
    {
        var expected = DateTimeOffset.TryParseExact(
            text, SigV4.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time);
        Assert.Equal((expected, time), (RequestTime.TryParseBasic(text, out var read), read));
    }

    [Fact]
    public void Every_second_has_its_own_text()
    {
        var start = new DateTimeOffset(2026, 12, 31, 23, 59, 58, 900, TimeSpan.FromHours(2));
        for (var i = 0; i < 40; i++)
        {
            var time = start.AddMilliseconds(100 * (i % 2 == 0 ? i : 40 - i));
            Assert.Equal(time.UtcDateTime.ToString(SigV4.TimeFormat, CultureInfo.InvariantCulture), RequestTime.Format(time));
        }
    }
}

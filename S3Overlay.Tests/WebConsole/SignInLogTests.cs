using System.Net;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.Tests.WebConsole;

/// <summary>What the log says of signing in: no link, and not too much.</summary>
public sealed class SignInLogTests
{
    [Theory]
    [InlineData(true, false, false, false, true)]
    [InlineData(false, false, false, false, false)]
    [InlineData(true, true, false, false, false)]
    [InlineData(true, false, true, false, false)]
    [InlineData(true, false, false, true, false)]
    public void Only_a_person_at_a_terminal_gets_a_link(bool isForPeople, bool isInput, bool isOutput, bool isInContainer, bool expected) =>
        Assert.Equal(expected, ServeCommand.MayShowLink(isForPeople, isInput, isOutput, isInContainer));

    [Fact]
    public void Too_many_attempts_are_one_line_a_minute()
    {
        var time = new ManualTimeProvider();
        var proxy = new FakeProxy(time);
        using var sessions = new Sessions(proxy);
        var log = new EventLogger<SignIns>();
        var signIns = new SignIns(proxy, sessions, new ConsoleAddresses(["http://127.0.0.1:8001"], []), log);

        for (var attempt = 0; attempt < 10; attempt++)
        {
            signIns.RefuseSeldom(IPAddress.Loopback, "too many attempts", "", "Too many.", 429);
        }

        Assert.Single(log.Names);
        time.Advance(TimeSpan.FromMinutes(1));
        signIns.RefuseSeldom(IPAddress.Loopback, "too many attempts", "", "Too many.", 429);
        Assert.Equal(2, log.Names.Count);
    }
}

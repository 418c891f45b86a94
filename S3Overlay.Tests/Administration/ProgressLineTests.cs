using S3Overlay.Proxy.Terminal;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Work of more than two seconds says on stderr how far it is.</summary>
public sealed class ProgressLineTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _errors = new() { NewLine = "\n" };

    [Fact]
    public async Task Without_a_terminal_it_is_a_line_after_two_seconds_and_then_every_ten()
    {
        var screen = NewScreen(isTerminal: false);
        await screen.ShowProgressAsync(async show =>
        {
            show(new WorkState(3, "key") { Verb = "sent", All = 10, Bytes = 2 << 20, AllBytes = 10 << 20 });
            await AdvanceAsync(1.9);
            Assert.Equal("", Errors());
            await AdvanceAsync(0.1);
            await UntilAsync("  3 of 10 keys sent, 2 MiB of 10 MiB, 1 MiB/s, about 8 seconds left\n");
            show(new WorkState(9, "key") { Verb = "sent", All = 10, Bytes = 9 << 20, AllBytes = 10 << 20 });
            await AdvanceAsync(9.9);
            Assert.Single(Errors().Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await AdvanceAsync(0.1);
            await Patience.UntilAsync(() => Errors().EndsWith("\n  9 of 10 keys sent, 9 MiB of 10 MiB, 768 KiB/s, about 2 seconds left\n",
                StringComparison.Ordinal), "There is no second line.");
            return true;
        });
        Assert.DoesNotContain('\u001b', Errors());
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task On_a_terminal_it_is_one_line_in_place_which_goes()
    {
        var screen = NewScreen(isTerminal: true);
        await screen.ShowProgressAsync(async show =>
        {
            show(new WorkState(1, "key"));
            await AdvanceAsync(2);
            await UntilAsync("\r\u001b[K1 key, 0.5/s");
            await screen.ComplainAsync("A problem.");
            Assert.EndsWith("\r\u001b[KA problem.\n", Errors(), StringComparison.Ordinal);
            show(new WorkState(9, "key"));
            await AdvanceAsync(0.25);
            await Patience.UntilAsync(() => Errors().EndsWith("\r\u001b[K9 keys, 4/s", StringComparison.Ordinal), "It does not return.");
            return true;
        });
        Assert.EndsWith("9 keys, 4/s\r\u001b[K", Errors(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_on_the_same_terminal_take_its_place()
    {
        var screen = NewScreen(isTerminal: true);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listing = screen.WriteRowsAsync([new("KEY")], screen.CountAsync(ItemsAsync(), "row").Select(static item => new[] { item }));
        await AdvanceAsync(2);
        await UntilAsync("\r\u001b[K1 row, 0.5/s");
        go.SetResult();
        Assert.Equal(1001, await listing);
        Assert.Equal("\r\u001b[K1 row, 0.5/s\r\u001b[K", Errors());
        Assert.StartsWith("KEY\n0\n1\n", _output.ToString(), StringComparison.Ordinal);

        async IAsyncEnumerable<string> ItemsAsync()
        {
            yield return "0";
            await go.Task;
            for (var at = 1; at <= 1000; at++)
            {
                yield return at.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    [Fact]
    public async Task Programs_see_none()
    {
        var screen = NewScreen(isTerminal: false);
        screen.IsForPrograms = true;
        await screen.ShowProgressAsync(async show =>
        {
            show(new WorkState(1, "key"));
            _time.Advance(TimeSpan.FromSeconds(20));
            await Task.Yield();
            return true;
        });
        Assert.Equal("", Errors());
    }

    private Screen NewScreen(bool isTerminal) =>
        new(_output, TextWriter.Synchronized(_errors), _time) { IsErrorTerminal = isTerminal, IsOutputTerminal = isTerminal };

    private async Task AdvanceAsync(double seconds)
    {
        await _time.WaitForTimerAsync();
        _time.Advance(TimeSpan.FromSeconds(seconds));
    }

    private Task UntilAsync(string text) => Patience.UntilAsync(() => Errors() == text, $"There is no \"{text}\".");

    private string Errors()
    {
        lock (_errors)
        {
            return _errors.ToString();
        }
    }
}

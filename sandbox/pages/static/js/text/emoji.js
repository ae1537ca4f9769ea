// Short names that annotation teams meet; a name that is not here stays the text it was.

const TABLE = `
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|tada 🎉|white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️
x ❌|negative_squared_cross_mark ❎|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|question ❓|grey_question ❔|exclamation ❗
bangbang ‼️|interrobang ⁉️|hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|stopwatch ⏱️|clock9 🕘|calendar 📆|date 📅
bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|speech_balloon 💬|thought_balloon 💭|eyes 👀|eye 👁️|mag 🔍|mag_right 🔎
memo 📝|pencil 📝|pencil2 ✏️|clipboard 📋|bookmark_tabs 📑|books 📚|book 📖|blue_book 📘|envelope ✉️|open_book 📖|notebook 📓|page_facing_up 📄
scroll 📜|file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|inbox_tray 📥|outbox_tray 📤|package 📦|label 🏷️
bookmark 🔖|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|triangular_flag_on_post 🚩|checkered_flag 🏁|white_flag 🏳️
bar_chart 📊|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|abacus 🧮|scales ⚖️|balance_scale ⚖️|straight_ruler 📏
dart 🎯|gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|lock 🔒|unlock 🔓|key 🔑|shield 🛡️|rocket 🚀|zap ⚡|fire 🔥
sparkles ✨|star ⭐|star2 🌟|trophy 🏆|medal 🏅|crown 👑|bulb 💡|robot_face 🤖|brain 🧠|microscope 🔬|test_tube 🧪|seedling 🌱
wave 👋|raised_hands 🙌|clap 👏|pray 🙏|muscle 💪|handshake 🤝|point_right 👉|point_left 👈|point_up ☝️|point_down 👇|raised_hand ✋|ok_hand 👌
smile 😄|smiley 😃|grinning 😀|grin 😁|slightly_smiling_face 🙂|blush 😊|wink 😉|joy 😂|thinking_face 🤔|neutral_face 😐
confused 😕|cry 😢|sob 😭|sweat_smile 😅|sunglasses 😎|heart_eyes 😍|partying_face 🥳|scream 😱|sleeping 😴|zzz 💤|shrug 🤷
heart ❤️|yellow_heart 💛|green_heart 💚|blue_heart 💙|purple_heart 💜|broken_heart 💔|100 💯|boom 💥
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣
white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_yellow_square 🟨|large_red_square 🟥|large_blue_square 🟦
white_large_square ⬜|black_large_square ⬛|small_blue_diamond 🔹|small_orange_diamond 🔸|arrow_right ➡️|arrow_left ⬅️
arrow_up ⬆️|arrow_upper_right ↗️|arrow_lower_right ↘️|arrow_heading_down ⤵️|left_right_arrow ↔️
black_right_pointing_double_triangle_with_vertical_bar ⏭️|arrow_down ⬇️|arrow_backward ◀️|arrow_forward ▶️|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|back 🔙
repeat 🔁|arrows_counterclockwise 🔄|fast_forward ⏩|double_vertical_bar ⏸️|black_square_for_stop ⏹️|heavy_plus_sign ➕|heavy_minus_sign ➖
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|zero 0️⃣|keycap_ten 🔟
information_source ℹ️|sos 🆘|new 🆕|ok 🆗|recycle ♻️|construction 🚧|rotating_light 🚨|vertical_traffic_light 🚦
coffee ☕|tea 🍵|cookie 🍪|cake 🍰|pizza 🍕|sunny ☀️|sunrise 🌅|cloud ☁️|rainbow 🌈|crescent_moon 🌙|earth_africa 🌍|globe_with_meridians 🌐
busts_in_silhouette 👥|bust_in_silhouette 👤|technologist 🧑‍💻|teacher 🧑‍🏫|judge 🧑‍⚖️|woman-judge 👩‍⚖️|classical_building 🏛️|house 🏠|door 🚪|game_die 🎲|jigsaw 🧩|beginner 🔰|put_litter_in_its_place 🚮|wastebasket 🗑️|mailbox 📫|email 📧|incoming_envelope 📨|phone ☎️|computer 💻|desktop_computer 🖥️|floppy_disk 💾|dvd 📀|movie_camera 🎥|camera 📷|art 🎨|musical_note 🎵
`;

const NAMES = new Map(
  TABLE.trim().split(/[|\n]/).map((entry) => {
    const gap = entry.lastIndexOf(" ");
    return [entry.slice(0, gap), entry.slice(gap + 1)];
  }),
);

export function emojiOf(name) {
  return NAMES.get(name) ?? null;
}

/** The character of a rich-text emoji element, whose `unicode` is code points in hexadecimal joined by "-". */
export function emojiFromCode(unicode) {
  try { return String.fromCodePoint(...unicode.split("-").map((part) => Number.parseInt(part, 16))); } catch { return null; }
}
